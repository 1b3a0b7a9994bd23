//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hang stops the server in its tracks until resume.
func (d *database) hang()   { d.cmd.Process.Signal(syscall.SIGSTOP) }
func (d *database) resume() { d.cmd.Process.Signal(syscall.SIGCONT) }

// TestReadyWhileRedisHangs: nobody waits for an answer that does not come, and
// the program carries on when Redis does.
func TestReadyWhileRedisHangs(t *testing.T) {
	d := newDatabase(t, "")
	noneLeft(t)
	s := serve(t, "--config", configured(t, fmt.Sprintf("redis: {url: %q}\nweb: {listen: '127.0.0.1:0'}", d.url)))
	if status, body := get(t, s.web+"/readyz"); status != 200 {
		t.Errorf("readyz = %d %s", status, body)
	}
	d.hang()
	defer d.resume()
	began := time.Now()
	status, body := get(t, s.web+"/readyz")
	if took := time.Since(began); took > 5*time.Second { // 0.8 s, on a machine with nothing else to do
		t.Errorf("readyz took %v", took)
	}
	if status != 503 || !strings.Contains(body, "the store does not answer") {
		t.Errorf("readyz while Redis hangs = %d %s", status, body)
	}
	if status, _ := get(t, s.web+"/healthz"); status != 200 {
		t.Errorf("healthz while Redis hangs = %d", status)
	}
	if status, body := get(t, s.web+"/metrics"); status != 200 || !strings.Contains(body, "signpost_ready 0") {
		t.Errorf("metrics while Redis hangs = %d %s", status, body)
	}
	d.resume()
	eventually(t, "it is ready again", func() bool { status, _ := get(t, s.web+"/readyz"); return status == 200 })
	s.end(t)
}

// TestEndWhileRedisHangs: the program does not wait for Redis for ever.
func TestEndWhileRedisHangs(t *testing.T) {
	d := newDatabase(t, "")
	noneLeft(t)
	s := serve(t, "--config", configured(t, fmt.Sprintf("redis: {url: '%s?timeout=500ms'}\nweb: {listen: '127.0.0.1:0'}", d.url)))
	d.hang()
	defer d.resume()
	if status, body := get(t, s.web+"/readyz"); status != 503 {
		t.Errorf("readyz while Redis hangs = %d %s", status, body)
	}
	began := time.Now()
	s.end(t)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the end took %v", took)
	}
}

// TestProcess is not a test: it is the program, for the test below.
func TestProcess(t *testing.T) {
	if os.Getenv("SIGNPOST_TEST_PROCESS") == "" {
		return
	}
	for i, word := range os.Args {
		if word == "--" {
			os.Args = append(os.Args[:1], os.Args[i+1:]...)
			main()
		}
	}
}

// TestSignals: a real process ends in peace on the first signal, and at once on
// the second.
func TestSignals(t *testing.T) {
	d := newDatabase(t, "")
	file := configured(t, fmt.Sprintf("redis: {url: %q}\nweb: {listen: '127.0.0.1:0'}", d.url))
	start := func() (*exec.Cmd, *notes, string) {
		log := &notes{}
		cmd := exec.Command(os.Args[0], "-test.run=^TestProcess$", "--", "serve", "--config", file)
		cmd.Env = append(os.Environ(), "SIGNPOST_TEST_PROCESS=1")
		cmd.Stderr = log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill() })
		eventually(t, "the process runs", func() bool { return webRule.MatchString(log.String()) })
		return cmd, log, "http://" + webRule.FindStringSubmatch(log.String())[1]
	}
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		cmd, log, _ := start()
		cmd.Process.Signal(signal)
		if err := cmd.Wait(); err != nil {
			t.Errorf("after %v: %v\n%s", signal, err, log)
		}
	}

	cmd, log, site := start()
	d.hang() // so that there is something to wait for
	defer d.resume()
	if status, body := get(t, site+"/readyz"); status != 503 {
		t.Errorf("readyz while Redis hangs = %d %s", status, body)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	eventually(t, "it is shutting down", func() bool { return strings.Contains(log.String(), "shutting down") })
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	// A signal right behind the first one may still count as part of it.
	eventually(t, "a further signal ends it", func() bool {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("the second signal: %v\n%s", cmd.ProcessState, log)
	}
}
