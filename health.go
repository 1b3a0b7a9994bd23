package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// healthWait is how long the program may take to say how it is: longer than
	// it waits for its store, and less than a container's check is given.
	healthWait = 2 * time.Second
	// maxHealth is how many bytes of its answer are printed.
	maxHealth = 1 << 10
)

// healthCommand asks a Signpost on this machine how it is, for containers that
// have no other program to ask it with.
type healthCommand struct {
	Ready bool `help:"Whether it can do its work, too: whether its store answers."`
}

// Run asks the web server that the configuration names.
func (o *healthCommand) Run(ctx context.Context, c *cli, s streams) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	if cfg.Web.Listen == "" {
		return errors.New("web.listen is empty, so there is no web server to ask; set it")
	}
	host, port, err := net.SplitHostPort(cfg.Web.Listen)
	if err != nil {
		return err // config has checked it
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "127.0.0.1" // what listens everywhere listens there
	}
	path := "/healthz"
	if o.Ready {
		path = "/readyz"
	}
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return err
	}
	// Straight there, whatever proxies the environment names.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		if e := (*url.Error)(nil); errors.As(err, &e) {
			err = e.Err // the rest of it is the address again
		}
		return fmt.Errorf("nobody answers at %s; is signpost serve running, with the same web.listen? (%w)", request.URL.Host, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxHealth))
	said := cmp.Or(strings.TrimSpace(string(text)), answer.Status)
	if answer.StatusCode != http.StatusOK || err != nil {
		return errors.Join(errors.New(said), err)
	}
	fmt.Fprintln(s.out, said)
	return nil
}
