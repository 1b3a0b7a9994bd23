package embedding

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestEndpoint(t *testing.T) {
	tests := []struct{ base, want string }{ // want: the address, or a part of the error
		{"http://127.0.0.1:11434", "http://127.0.0.1:11434/v1/embeddings"},
		{"http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1/embeddings"},
		{"https://api.openai.com/v1", "https://api.openai.com/v1/embeddings"},
		{"https://api.openai.com/v1/", "https://api.openai.com/v1/embeddings"},
		{"https://api.openai.com/v1/embeddings", "https://api.openai.com/v1/embeddings"},
		{"https://proxy.example/tei", "https://proxy.example/tei/v1/embeddings"},
		{"https://proxy.example/v1beta/openai/embeddings/", "https://proxy.example/v1beta/openai/embeddings"},
		{"http://[::1]:80/v1", "http://[::1]:80/v1/embeddings"},
		{"localhost:11434", "is none"},
		{"ftp://embed.example", "is none"},
		{"", "is none"},
		{"http://", "is none"},
		{"http://me:" + hush + "@embed.example", "remove the rest"},
		{"http://embed.example?key=" + hush, "remove the rest"},
		{"http://embed.example/%zz" + hush, "is none"},
	}
	for _, test := range tests {
		got, err := endpointOf(test.base)
		if err == nil && got != test.want {
			t.Errorf("endpointOf(%q) = %s, want %s", test.base, got, test.want)
		}
		if err != nil && (!strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), hush)) {
			t.Errorf("endpointOf(%q) = %v, want %s", test.base, err, test.want)
		}
	}
}

// TestNasty: whatever a server does, a question gets an error that says what is
// wrong, and neither error nor log tells text or key.
func TestNasty(t *testing.T) {
	const question = "my card 4111 was charged twice"
	respond := func(status int, body string, headers ...string) func(http.ResponseWriter, *http.Request, int) bool {
		return func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	tests := []struct {
		name    string
		trouble func(http.ResponseWriter, *http.Request, int) bool
		want    string
	}{
		{"slow", silent, "deadline exceeded"},
		{"slow in the middle", func(w http.ResponseWriter, r *http.Request, n int) bool {
			fmt.Fprint(w, `{"data":[`)
			w.(http.Flusher).Flush()
			return silent(w, r, n)
		}, "deadline exceeded"},
		{"OpenAI's error", respond(500, `{"error":{"message":"the server had an error","type":"server_error"}}`), "500 Internal Server Error: the server had an error"},
		{"Ollama's error", respond(404, `{"error":"model \"m\" not found, try pulling it first"}`), `404 Not Found: model "m" not found, try pulling it first`},
		{"FastAPI's error", respond(422, `{"detail":[{"loc":["body"],"msg":"field required","input":"`+question+`"}]}`), "422 Unprocessable Entity: field required"},
		{"plain error", respond(503, "loading\n model\x1b[31m"), "503 Service Unavailable: loading model [31m"},
		{"error without a word", respond(500, ""), "no reason given"},
		{"endless error", respond(500, strings.Repeat("é", 1<<20)), strings.Repeat("é", maxComplaint) + "…"},
		{"error that quotes", respond(400, `{"error":"cannot embed '`+question+`'"}`), "the reason quotes a text"},
		{"error that quotes the key", respond(500, "no user has "+hush), "the reason quotes the key"},
		{"error that quotes the key in part", respond(500, "no user has "+hush[:9]+"****"), "the reason quotes the key"},
		{"key refused", respond(401, `{"error":{"message":"Incorrect API key: sk-hu**sh"}}`), "401 Unauthorized: it wants another key; check key_file"},
		{"too many requests", respond(429, `{"message":"slow down"}`, "Retry-After", "3"), "429 Too Many Requests: slow down"},
		{"error page", respond(502, "<html>Bad Gateway</html>"), "502 Bad Gateway: a web page; check url"},
		{"web page", respond(200, "<html>Welcome</html>"), "a web page"},
		{"no content", respond(204, ""), "204 No Content"},
		{"truncated JSON", respond(200, `{"data":[{"index":0,"embedding":[1,2`), "not all of it"},
		{"truncated body", respond(200, `{"data":[`, "Content-Length", "1000"), "unexpected EOF"},
		{"NaN", respond(200, `{"data":[{"index":0,"embedding":[NaN,1,1,1,1,1,1,1]}]}`), "not JSON"},
		{"wrong dimensions", respond(200, `{"data":[{"index":0,"embedding":[1,2,3]}]}`), "3 numbers, before 8"},
		{"huge", func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			spaces := []byte(strings.Repeat(" ", 1<<20))
			for range maxBody>>20 + 1 {
				w.Write(spaces)
			}
			return true
		}, "more than 32 MiB"},
		{"redirect", respond(307, "", "Location", "https://"+"elsewhere.example/v1?key="+hush), "moved to https://elsewhere.example, and is not followed"},
		{"redirect to nowhere", respond(302, ""), "it has moved, and is not followed there; check url"},
		{"hangs up", func(w http.ResponseWriter, _ *http.Request, _ int) bool { panic(http.ErrAbortHandler) }, "EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			noneLeft(t)
			f, log := &fake{}, &notes{}
			server := httptest.NewServer(f)
			defer server.Close()
			timeout := 10 * time.Second
			if strings.HasPrefix(test.name, "slow") {
				timeout = 20 * time.Millisecond
			}
			c := open(t, f, Options{URL: server.URL, Timeout: timeout, Log: log.log()})
			defer c.Close()
			f.set(func() { f.trouble = test.trouble })
			var said string
			for range failures {
				_, err := ask(c, question)
				if err == nil {
					t.Fatal("no error")
				}
				said += err.Error() + "\n"
			}
			if !strings.Contains(said, test.want) {
				t.Errorf("error %s, want %s", said, test.want)
			}
			for _, secret := range []string{question, hush, hush[:9]} {
				if told := said + log.String(); strings.Contains(told, secret) {
					t.Errorf("told %q:\n%s", secret, told)
				}
			}
		})
	}
}

// TestRedirect: another host gets neither text nor key.
func TestRedirect(t *testing.T) {
	noneLeft(t)
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") }))
	defer other.Close()
	moved := httptest.NewServer(http.RedirectHandler(other.URL+"/v1/embeddings", http.StatusPermanentRedirect))
	defer moved.Close()
	_, err := Open(t.Context(), Options{URL: moved.URL, Model: "m", Key: hush})
	if err == nil || !strings.Contains(err.Error(), "moved to "+other.URL) {
		t.Errorf("error %v", err)
	}
}

func TestOpenRefused(t *testing.T) {
	noneLeft(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	l.Close()
	_, err = Open(t.Context(), Options{URL: "http://" + l.Addr().String(), Model: "m", Key: hush})
	if err == nil || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), hush) {
		t.Errorf("error %v", err)
	}
}

// TestDimensions: as many numbers as one wants, or none at all.
func TestDimensions(t *testing.T) {
	f := &fake{}
	c := open(t, f, Options{Dimensions: 8})
	if got := f.requests[0].Dimensions; got != 8 || c.Model().Dims != 8 {
		t.Errorf("asked for %d numbers, model %+v", got, c.Model())
	}
	_, err := Open(t.Context(), Options{URL: "http://embed.example", Transport: wire{f}, Model: "m", Dimensions: 4})
	if err == nil || !strings.Contains(err.Error(), "8 numbers, not the 4 asked for") {
		t.Errorf("error %v", err)
	}
}
