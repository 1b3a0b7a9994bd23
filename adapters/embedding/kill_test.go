package embedding

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// actAsFiller makes the test program fill a folder from the server at this
// address, and print a line for each request.
const actAsFiller = "SIGNPOST_TEST_FILLER"

func TestMain(m *testing.M) {
	if url := os.Getenv(actAsFiller); url != "" {
		if err := fillFrom(url, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func fillFrom(url, folder string) error {
	c, err := Open(context.Background(), Options{URL: url, Model: "m", Folder: folder, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Fill(context.Background(), passages(kills*maxBatch), func(done, of int) { fmt.Println(done, of) })
}

const kills = 4

// TestKilled: processes that share a folder are killed with kill -9 while they
// fill it, two at a time. Each begins where the ones before it ended, and no
// vector is wrong.
func TestKilled(t *testing.T) {
	f, folder := &fake{}, filepath.Join(t.TempDir(), "cache")
	server := httptest.NewServer(f)
	defer server.Close()
	program, err := os.Executable()
	must(t, err)
	for kill := range kills {
		var pair [2]*exec.Cmd
		for i := range pair {
			cmd := exec.Command(program, folder)
			cmd.Env = append(os.Environ(), actAsFiller+"="+server.URL)
			cmd.Stderr = os.Stderr
			lines, err := cmd.StdoutPipe()
			must(t, err)
			must(t, cmd.Start())
			pair[i] = cmd
			if i == 0 {
				continue
			}
			for lines := bufio.NewScanner(lines); lines.Scan(); { // the first one says what was known
				if kill--; kill < 0 {
					break
				}
			}
		}
		for _, cmd := range pair {
			cmd.Process.Kill()
			cmd.Wait()
		}
	}
	c := open(t, f, Options{URL: server.URL, Folder: folder})
	texts := passages(kills * maxBatch)
	must(t, c.Fill(t.Context(), texts, nil))
	wantKnown(t, c, f, texts)
	computed := len(f.texts())
	t.Logf("%d vectors were computed for %d passages", computed, len(texts))
	if computed > len(texts)+2*kills*maxBatch { // what each had in hand
		t.Error("that is too many")
	}
}
