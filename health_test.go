package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHealth: the command says what the web server says, in words and by its
// exit code.
func TestHealth(t *testing.T) {
	status := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status[r.URL.Path])
		fmt.Fprintln(w, "I am "+r.URL.Path)
	}))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	const fine, bad = http.StatusOK, http.StatusServiceUnavailable
	for _, test := range []struct {
		listen         string
		healthy, ready int
		words          string
		code           int
		said           string
	}{
		{"127.0.0.1:" + port, fine, bad, "health", exitOK, "I am /healthz"},
		{":" + port, fine, bad, "health", exitOK, "I am /healthz"},
		{"[::]:" + port, fine, fine, "health --ready", exitOK, "I am /readyz"},
		{"0.0.0.0:" + port, fine, bad, "health --ready", exitBad, "I am /readyz"},
		{"127.0.0.1:1", fine, fine, "health", exitBad, "is signpost serve running"},
		{"", fine, fine, "health", exitBad, "web.listen is empty"},
	} {
		t.Run(test.words+" "+test.listen, func(t *testing.T) {
			noneLeft(t)
			status["/healthz"], status["/readyz"] = test.healthy, test.ready
			words := append([]string{"--config", configured(t, fmt.Sprintf("web: {listen: %q}", test.listen))}, strings.Fields(test.words)...)
			if out, code := command(t, words...); code != test.code || !strings.Contains(out, test.said) {
				t.Errorf("exits with %d and says %q, want %d and %q", code, out, test.code, test.said)
			}
		})
	}
}
