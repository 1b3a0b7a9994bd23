package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A drawer holds files by their id, and waits for those that are open.
type drawer struct {
	files map[string]string
	open  sync.WaitGroup
}

func (d *drawer) Open(_ context.Context, a chat.Attachment) (io.ReadCloser, error) {
	text, ok := d.files[a.File.ID]
	if !ok {
		return nil, errors.New("no such file")
	}
	d.open.Add(1)
	return &drawn{Reader: strings.NewReader(text), close: sync.OnceFunc(d.open.Done)}, nil
}

// drawn is an open file.
type drawn struct {
	io.Reader
	close func()
}

func (f *drawn) Close() error {
	f.close()
	return nil
}

func attach(id, name string, size int64) chat.Attachment {
	return chat.Attachment{File: chat.File{ID: id, Name: name, Size: size}}
}

func TestFiles(t *testing.T) {
	const get, complete, post = "files.getUploadURLExternal", "files.completeUploadExternal", "chat.postMessage"
	no := func(name string) string { return fmt.Sprintf(`{"ok":false,"error":%q}`, name) }
	one := []chat.Attachment{attach("a", "a.txt", 3)}
	lost := func(cause string) []chat.Missing { return []chat.Missing{{Name: "a.txt", Cause: cause}} }
	var many []chat.Attachment
	for range 11 {
		many = append(many, one...)
	}
	tests := []struct {
		name    string
		files   []chat.Attachment
		plan    map[string]string
		shared  []string // names
		missing []chat.Missing
	}{
		{"one", one, nil, []string{"a.txt"}, nil},
		{"two", []chat.Attachment{attach("a", "a.txt", 3), attach("b", "dir/b.txt", 5)}, nil, []string{"a.txt", "b.txt"}, nil},
		{"of unknown size", []chat.Attachment{attach("a", "a.txt", 0)}, nil, []string{"a.txt"}, nil},
		{"of unknown size, and large", []chat.Attachment{attach("large", "a.txt", 0)}, nil, nil, lost("its size is not known")},
		{"empty", []chat.Attachment{attach("empty", "a.txt", 0)}, nil, nil, lost("it is empty")},
		{"too large", []chat.Attachment{attach("a", "a.txt", 1<<30+1)}, nil, nil, lost("it is larger than Slack takes")},
		{"shorter than it said", []chat.Attachment{attach("a", "a.txt", 4)}, nil, nil, lost("it could not be uploaded")},
		{"longer than it said", []chat.Attachment{attach("a", "a.txt", 2)}, nil, nil, lost("it is larger than was said")},
		{"that cannot be opened", []chat.Attachment{attach("none", "a.txt", 3), attach("b", "b.txt", 5)}, nil, []string{"b.txt"}, lost("it could not be opened")},
		{"too many", many, nil, slices.Repeat([]string{"a.txt"}, 10), lost("a message takes 10 files at most")},
		{"no scope", one, map[string]string{get: no("missing_scope")}, nil, lost("Slack refused it: missing_scope")},
		{"no address", one, map[string]string{get: no("internal_error")}, nil, lost("Slack refused it: internal_error")},
		{"an address elsewhere", one, map[string]string{get: `{"ok":true,"file_id":"F1","upload_url":"https://evil.example/secret"}`}, nil, lost("it could not be uploaded")},
		{"the upload fails", one, map[string]string{"/upload/secret": "HTTP 500"}, nil, lost("it could not be uploaded")},
		{"the upload is cut off", one, map[string]string{"/upload/secret": "cut"}, nil, lost("it could not be uploaded")},
		{"the upload is sent elsewhere", one, map[string]string{"/upload/secret": "to https://evil.example/secret"}, nil, lost("it could not be uploaded")},
		{"sharing is refused", one, map[string]string{complete: no("not_in_channel")}, []string{"a.txt"}, lost("Slack refused it: not_in_channel")},
		{"sharing is limited", one, map[string]string{complete: "HTTP 429 after 5"}, []string{"a.txt"}, lost("Slack takes no more just now")},
		{"sharing is cut off", one, map[string]string{complete: "cut"}, []string{"a.txt"}, lost("nobody knows whether it arrived")},
		{"sharing fails", one, map[string]string{complete: no("internal_error")}, []string{"a.txt"}, lost("nobody knows whether it arrived")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			for method, answer := range test.plan {
				r.server.plan(method, answer)
			}
			from := &drawer{files: map[string]string{"a": "aaa", "b": "bbbbb", "empty": "", "large": strings.Repeat("l", 1<<20+1)}}
			d := with(delivery(chat.Post, thread), func(r *chat.Reply) { r.Files = test.files })
			d.Open = from.Open
			receipt, err := r.Send(t.Context(), d)
			if err != nil || receipt.Message == "" || !slices.Equal(receipt.Missing, test.missing) {
				t.Errorf("Send = %+v, %v; want %v missing", receipt, err, test.missing)
			}
			r.discreet(t, err)
			r.close() // whoever still reads a file ends
			calls := r.server.calls()
			if got := slices.Contains(calls, complete); got != (test.shared != nil) {
				t.Fatalf("called %q", calls)
			}
			if test.shared == nil {
				return
			}
			if slices.Index(calls, complete) < slices.Index(calls, post) {
				t.Errorf("files were shared before the message: %q", calls)
			}
			form := r.server.last(t, complete).form
			var want []slack.FileSummary
			for _, name := range test.shared {
				want = append(want, slack.FileSummary{ID: "F-" + name, Title: name})
			}
			list, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			if form.Get("channel_id") != "C1" || form.Get("thread_ts") != thread.Thread || form.Get("files") != string(list) {
				t.Errorf("shared %v, want %s", form, list)
			}
			sent := r.server.last(t, "/upload/secret")
			if sent.header.Get("Authorization") != "" || sent.body != from.files[string(test.shared[len(test.shared)-1][0])] {
				t.Errorf("uploaded %q with %v", sent.body, sent.header)
			}
		})
	}
}

// Every file that was opened is closed, whatever became of it.
func TestFilesAreClosed(t *testing.T) {
	for _, answer := range []string{"", `{"ok":false,"error":"internal_error"}`, `{"ok":true,"upload_url":"https://evil.example"}`, `{"ok":true,"upload_url":"http://127.0.0.1:\u007f"}`} {
		r := newRig(t)
		if answer != "" {
			r.server.plan("files.getUploadURLExternal", answer)
		}
		from := &drawer{files: map[string]string{"a": "aaa", "large": strings.Repeat("l", 1<<20+1)}}
		d := with(delivery(chat.Post, channel), func(r *chat.Reply) {
			r.Files = []chat.Attachment{attach("a", "a.txt", 3), attach("a", "a.txt", 0), attach("large", "l.txt", 0)}
		})
		d.Open = from.Open
		if _, err := r.Send(t.Context(), d); err != nil {
			t.Error(err)
		}
		from.open.Wait() // for ever, if one is left open
	}
}

func TestFilesWithoutOpen(t *testing.T) {
	r := newRig(t)
	receipt, err := r.Send(t.Context(), with(delivery(chat.Post, channel), func(r *chat.Reply) { r.Files = []chat.Attachment{attach("a", "a.txt", 3)} }))
	if want := []chat.Missing{{Name: "a.txt", Cause: "it could not be opened"}}; err != nil || !slices.Equal(receipt.Missing, want) {
		t.Errorf("Send = %+v, %v", receipt, err)
	}
}

// The files came with the message: a Replace leaves them alone.
func TestReplaceLeavesFiles(t *testing.T) {
	r := newRig(t)
	d := with(delivery(chat.Replace, channel), func(r *chat.Reply) { r.Files = []chat.Attachment{attach("a", "a.txt", 3)} })
	if receipt, err := r.Send(t.Context(), d); err != nil || len(receipt.Missing) > 0 || !slices.Equal(r.server.calls(), []string{"chat.postMessage"}) {
		t.Errorf("Send = %+v, %v after %q", receipt, err, r.server.calls())
	}
}

// A slow file leaves enough time for the message.
func TestSlowFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(Options{Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		d := with(delivery(chat.Post, channel), func(r *chat.Reply) { r.Files = []chat.Attachment{attach("a", "a.txt", 3)} })
		d.Open = func(ctx context.Context, _ chat.Attachment) (io.ReadCloser, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		began := time.Now()
		files, missing := c.upload(ctx, d)
		if want := []chat.Missing{{Name: "a.txt", Cause: "it took too long"}}; len(files) > 0 || !slices.Equal(missing, want) {
			t.Errorf("upload = %v, %v", files, missing)
		}
		if took := time.Since(began); took != 10*time.Second || ctx.Err() != nil {
			t.Errorf("took %s of the time for the reply", took)
		}
	})
}

// What is removed takes the files with it that came right after it.
func TestRemoveFiles(t *testing.T) {
	const id = "1600000000.000005"
	file := func(id string) string { return fmt.Sprintf(`"files":[{"id":%q,"name":"a.txt"}]`, id) }
	after := func(n int, more ...string) string { return message(fmt.Sprintf("1600000001.%06d", n), more...) }
	tests := []struct {
		name    string
		listed  []string
		deleted []string // files and messages, in order
	}{
		{"nothing", nil, nil},
		{"files of ours", []string{after(1, ours, file("F1")), after(2, asBot, file("F2"))}, []string{"F1", "1600000001.000001", "F2", "1600000001.000002"}},
		{"in any order", []string{after(2, ours, file("F2")), after(1, ours, file("F1"))}, []string{"F1", "1600000001.000001", "F2", "1600000001.000002"}},
		{"someone's", []string{after(1, other, file("F1")), after(2, ours, file("F2"))}, []string{"F2", "1600000001.000002"}},
		{"words of ours", []string{after(1, ours), after(2, ours, withID, file("F1")), after(3, ours, file("F2"))}, nil},
		{"the parent, and itself", []string{message(thread.Thread, ours, file("F1")), message(id, ours, file("F2"))}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.server.plan("conversations.replies", listed("", test.listed...))
			if _, err := r.Send(t.Context(), stands(delivery(chat.Remove, thread), thread, id)); err != nil {
				t.Fatal(err)
			}
			var deleted []string
			for _, call := range r.server.all()[1:] {
				switch call.method {
				case "files.delete":
					deleted = append(deleted, call.form.Get("file"))
				case "chat.delete":
					deleted = append(deleted, call.form.Get("ts"))
				}
			}
			if !slices.Equal(deleted, test.deleted) {
				t.Errorf("deleted %q, want %q", deleted, test.deleted)
			}
		})
	}
}

// The message is gone, so what is left over is only told to the operator.
func TestRemoveFilesFails(t *testing.T) {
	const id = "1600000000.000005"
	withFile := listed("", message("1600000001.000001", ours, `"files":[{"id":"F1"}]`))
	tests := []struct {
		name  string
		plan  map[string][]string
		warns bool
	}{
		{"unreadable", map[string][]string{"conversations.history": {`{"ok":false,"error":"missing_scope"}`}}, true},
		{"gone already", map[string][]string{"conversations.history": {withFile}, "files.delete": {`{"ok":false,"error":"file_deleted"}`}, "chat.delete": {`{"ok":true}`, `{"ok":false,"error":"message_not_found"}`}}, false},
		{"refused", map[string][]string{"conversations.history": {withFile}, "files.delete": {`{"ok":false,"error":"cant_delete_file"}`}}, true},
	}
	for _, test := range tests {
		r := newRig(t)
		for method, answers := range test.plan {
			r.server.plan(method, answers...)
		}
		_, err := r.Send(t.Context(), stands(delivery(chat.Remove, channel), channel, id))
		if err != nil || strings.Contains(r.logged.String(), "may be left") != test.warns {
			t.Errorf("%s: Send = %v, logged %s", test.name, err, r.logged)
		}
	}
}

// In direct messages the place does not tell the thread, so the message does.
func TestRemoveFilesDirect(t *testing.T) {
	const id = "1600000000.000005"
	r := newRig(t)
	r.server.plan("conversations.replies", listed("", message(id, ours, withID, `"thread_ts":"1500000000.000001"`)), listed("", message("1600000001.000001", ours, `"files":[{"id":"F1"}]`)))
	if _, err := r.Send(t.Context(), stands(delivery(chat.Remove, directly), directly, id)); err != nil {
		t.Fatal(err)
	}
	if got := r.server.last(t, "conversations.replies").form.Get("ts"); got != "1500000000.000001" || r.server.last(t, "files.delete").form.Get("file") != "F1" {
		t.Errorf("looked in the thread %s", got)
	}
}

func TestFileName(t *testing.T) {
	tests := []struct{ name, want string }{
		{"invoice.pdf", "invoice.pdf"},
		{"Rechnung März.pdf", "Rechnung März.pdf"},
		{"/etc/passwd", "passwd"},
		{`C:\temp\a.txt`, "a.txt"},
		{"../../a", "a"},
		{"..", "file"},
		{".", "file"},
		{"/", "file"},
		{"", "file"},
		{" \t\n", "file"},
		{"a\x00b\x1b[31m.txt", "ab[31m.txt"},
		{"exe\u202egnp.exe", "exegnp.exe"},
		{"two\nlines.txt", "two lines.txt"},
		{strings.Repeat("n", 300) + ".pdf", strings.Repeat("n", 116) + ".pdf"},
		{"a." + strings.Repeat("e", 300), "a." + strings.Repeat("e", 118)},
	}
	for _, test := range tests {
		if got := fileName(test.name); got != test.want {
			t.Errorf("fileName(%q) = %q, want %q", test.name, got, test.want)
		}
	}
}

// FuzzFileName: whatever a file is called, its name is one that can be shown.
func FuzzFileName(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Add("/a/../b\\c")
	f.Fuzz(func(t *testing.T, s string) {
		got := fileName(s)
		if blank(got) || utf8.RuneCountInString(got) > maxName || strings.ContainsAny(got, `/\`) || strings.ContainsFunc(got, unicode.IsControl) || got == ".." || !utf8.ValidString(got) {
			t.Errorf("fileName(%q) = %q", s, got)
		}
		if again := fileName(got); again != got {
			t.Errorf("fileName(%q) = %q, and then %q", s, got, again)
		}
	})
}

func TestFetch(t *testing.T) {
	info := func(s *server, rest string) string {
		return fmt.Sprintf(`{"ok":true,"file":{"id":"F1","shares":[],"url_private_download":"%s/files/secret"%s}}`, s.URL, rest)
	}
	tests := []struct {
		name string
		info string // empty: as it should be
		file string
		want string
		err  string // a part of it
	}{
		{"a file", "", "three words", "three words", ""},
		{"a page, as a file", `,"mimetype":"text/html"`, "HTML", "<html>Sign in</html>", ""},
		{"a sign-in page", `,"mimetype":"application/pdf"`, "HTML", "", "files:read"},
		{"a sign-in page for words", `,"mimetype":"text/plain"`, "HTML", "", "files:read"},
		{"a redirect to sign in", "", "to https://slack.com/?redir=%2Fsecret", "", "files:read"},
		{"no file", "", "HTTP 404", "", "HTTP status 404"},
		{"an error", "", "HTTP 500", "", "HTTP status 500"},
		{"a limit", "", "HTTP 429 after 5", "", "rate limited for 5s"},
		{"cut off", "", "cut", "", "EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.server.plan("files.info", info(r.server, test.info))
			r.server.plan("/files/secret", test.file, test.file) // a request that reads is sent twice where a kept connection breaks
			body, err := r.Fetch(t.Context(), attach("F1", "a", 3))
			r.discreet(t, err)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("Fetch = %v, want %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			if got, err := io.ReadAll(body); err != nil || string(got) != test.want {
				t.Errorf("read %q, %v", got, err)
			}
			if r.server.last(t, "/files/secret").header.Get("Authorization") != "Bearer "+botToken {
				t.Error("fetched without the token")
			}
			if r.server.last(t, "files.info").form.Get("file") != "F1" {
				t.Error("asked for another file")
			}
		})
	}
}

// The token goes nowhere but to Slack.
func TestFetchElsewhere(t *testing.T) {
	for _, info := range []string{
		`{"ok":true,"file":{"url_private":"https://drive.example/secret","is_external":true}}`,
		`{"ok":true,"file":{"url_private_download":"http://files.slack.com/secret"}}`,
		`{"ok":true,"file":{"url_private_download":"https://files.slack.com.evil.example/secret"}}`,
		`{"ok":true,"file":{"mode":"tombstone"}}`,
		`{"ok":false,"error":"file_not_found"}`,
		`{"ok":true,"file":7}`,
		"cut",
	} {
		r := newRig(t)
		r.server.plan("files.info", info)
		body, err := r.Fetch(t.Context(), attach("F1", "a", 3))
		if err == nil || body != nil || len(r.server.calls()) != 1 {
			t.Errorf("%s: Fetch = %v after %q", info, err, r.server.calls())
		}
		r.discreet(t, err)
	}
}

// A file is a stream: it can be read before all of it is there.
func TestFetchStreams(t *testing.T) {
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "files.info") {
			fmt.Fprintf(w, `{"ok":true,"file":{"url_private":"http://%s/file"}}`, r.Host)
			return
		}
		fmt.Fprint(w, "first")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-r.Context().Done()
	}))
	defer slow.Close()
	c := newClient(Options{APIURL: slow.URL + "/api"})
	defer c.close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	body, err := c.Fetch(ctx, attach("F1", "a", 3))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	first := make([]byte, 5)
	if _, err := io.ReadFull(body, first); err != nil || string(first) != "first" {
		t.Errorf("read %q, %v", first, err)
	}
	cancel()
	if _, err := io.Copy(io.Discard, body); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context ended: %v", err)
	}
}

// FuzzInfo: whatever Slack tells of a file, no token goes elsewhere.
func FuzzInfo(f *testing.F) {
	for _, body := range []string{
		`{"ok":true,"file":{"url_private":"https://files.slack.com/a","mimetype":"text/plain"}}`, `{"ok":true,"file":{"url_private":"https://slack.com@evil.example"}}`,
		`{"ok":false,"error":"file_not_found"}`, `{"ok":true}`, "{", "null", `{"ok":true,"file":[]}`,
	} {
		f.Add([]byte(body))
	}
	c := newClient(Options{})
	f.Fuzz(func(t *testing.T, body []byte) {
		file, err := parseInfo(body)
		if err != nil {
			return
		}
		for _, address := range []string{file.Download, file.URL} {
			if c.trusts(address) && !strings.HasPrefix(strings.ToLower(address), "https://") {
				t.Errorf("trusts %q", address)
			}
		}
	})
}
