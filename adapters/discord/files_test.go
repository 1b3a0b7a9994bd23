package discord

import (
	"context"
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

	"github.com/google/go-cmp/cmp"

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
	const post = "POST channels/300/messages"
	one := []chat.Attachment{attach("a", "a.txt", 3)}
	two := append(slices.Clone(one), attach("b", "dir/my b.txt", 5))
	lost := func(cause string) []chat.Missing { return []chat.Missing{{Name: "a.txt", Cause: cause}} }
	var many, heavy []chat.Attachment
	for range 11 {
		many = append(many, one...)
	}
	for i := range 3 {
		heavy = append(heavy, attach("heavy", fmt.Sprint(i), maxFile))
	}
	tests := []struct {
		name    string
		files   []chat.Attachment
		plan    []string
		sent    map[string]string // with the last try
		missing []chat.Missing
		tries   int
	}{
		{"one", one, nil, map[string]string{"files[0] a.txt": "aaa"}, nil, 1},
		{"two", two, nil, map[string]string{"files[0] a.txt": "aaa", "files[1] my_b.txt": "bbbbb"}, nil, 1},
		{"of unknown size", []chat.Attachment{attach("a", "a.txt", 0)}, nil, map[string]string{"files[0] a.txt": "aaa"}, nil, 1},
		{"of unknown size, and large", []chat.Attachment{attach("large", "a.txt", 0)}, nil, nil, lost("its size is not known"), 1},
		{"empty", []chat.Attachment{attach("empty", "a.txt", 0)}, nil, nil, lost("it is empty"), 1},
		{"too large", []chat.Attachment{attach("a", "a.txt", 10<<20+1)}, nil, nil, lost("it is larger than Discord takes"), 1},
		{"that cannot be opened", []chat.Attachment{attach("none", "a.txt", 3), attach("b", "b.txt", 5)}, nil, map[string]string{"files[0] b.txt": "bbbbb"}, lost("it could not be opened"), 1},
		{"too many", many, nil, tenTimes(), lost("a message takes 10 files at most"), 1},
		{"too large together", heavy, nil, map[string]string{"files[0] 0": strings.Repeat("h", maxFile), "files[1] 1": strings.Repeat("h", maxFile)},
			[]chat.Missing{{Name: "2", Cause: "all files together are larger than Discord takes"}}, 1},
		{"refused", one, []string{no(413, 40005, "Request entity too large")}, nil, lost("Discord refused it: Request entity too large"), 2},
		{"not permitted", one, []string{no(403, missingPermissions, "Missing Permissions")}, nil, lost("Discord refused it: Missing Permissions"), 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.server.plan(post, test.plan...)
			from := &drawer{files: map[string]string{"a": "aaa", "b": "bbbbb", "empty": "", "large": strings.Repeat("l", 1<<20+1), "heavy": strings.Repeat("h", maxFile)}}
			d := changed(delivery(chat.Post, thread), func(r *chat.Reply) { r.Files = test.files })
			d.Open = from.Open
			receipt, err := r.Send(t.Context(), d)
			if err != nil || receipt.Message != "901" || !slices.Equal(receipt.Missing, test.missing) {
				t.Errorf("Send = %+v, %v; want %v missing", receipt, err, test.missing)
			}
			if n := len(r.server.calls()); n != test.tries {
				t.Errorf("%d tries, want %d", n, test.tries)
			}
			got := r.server.last(t, post)
			if !cmp.Equal(test.sent, got.files) {
				t.Errorf("sent %d files, want %d", len(got.files), len(test.sent))
			}
			rules(t, []byte(got.body))
			r.server.judged(t)
			r.discreet(t, err)
			r.close()
			from.open.Wait() // or the test never ends: all files were closed
		})
	}
}

func tenTimes() map[string]string {
	files := map[string]string{"files[0] a.txt": "aaa"}
	for i := 1; i < 10; i++ {
		files[fmt.Sprintf("files[%d] %d-a.txt", i, i)] = "aaa"
	}
	return files
}

// A file that is not what it was said to be breaks the call off, and the words
// go without it.
func TestFilesThatBreak(t *testing.T) {
	const post = "POST channels/300/messages"
	for name, test := range map[string]struct {
		size  int64
		want  string
		http2 bool // as Discord speaks it
	}{
		"longer":             {2, "it is larger than was said", false},
		"shorter":            {4, "it is smaller than was said", false},
		"longer, by HTTP/2":  {2, "it is larger than was said", true},
		"shorter, by HTTP/2": {4, "it is smaller than was said", true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			if test.http2 {
				s := httptest.NewUnstartedServer(r.server)
				s.EnableHTTP2 = true
				s.StartTLS()
				defer s.Close()
				r.client = newClient(Options{Token: botToken, APIURL: s.URL + "/api", Memory: r.memory, HTTP: s.Client(), Log: slog.New(slog.DiscardHandler)})
			}
			from := &drawer{files: map[string]string{"a": "aaa", "b": "bbbbb"}}
			d := changed(delivery(chat.Post, thread), func(r *chat.Reply) {
				r.Files = []chat.Attachment{attach("a", "a.txt", test.size), attach("b", "b.txt", 5)}
			})
			d.Open = from.Open
			receipt, err := r.Send(t.Context(), d)
			want := []chat.Missing{{Name: "a.txt", Cause: test.want}}
			if err != nil || receipt.Message == "" || !slices.Equal(receipt.Missing, want) {
				t.Errorf("Send = %+v, %v; want %v missing", receipt, err, want)
			}
			if diff := cmp.Diff(map[string]string{"files[0] b.txt": "bbbbb"}, r.server.last(t, post).files); diff != "" {
				t.Error(diff)
			}
			r.close()
			from.open.Wait()
		})
	}
}

// What is said of files in the message: each is shown by a component, under the
// name that people know.
func TestFileComponents(t *testing.T) {
	r := newRig(t)
	from := &drawer{files: map[string]string{"a": "aaa"}}
	d := changed(delivery(chat.Post, thread), func(r *chat.Reply) { r.Files = []chat.Attachment{attach("a", "dir/año 1.txt", 3)} })
	d.Open = from.Open
	if _, err := r.Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	got := r.server.last(t, "POST channels/300/messages").fields(t)
	if diff := cmp.Diff([]any{map[string]any{"id": "0", "filename": "a_o_1.txt", "title": "año 1.txt"}}, got["attachments"]); diff != "" {
		t.Error(diff)
	}
	parts := got["components"].([]any)
	want := map[string]any{"type": 13.0, "spoiler": false, "file": map[string]any{"url": "attachment://a_o_1.txt"}}
	if diff := cmp.Diff(any(want), parts[len(parts)-1]); diff != "" {
		t.Error(diff)
	}
	r.close()
	from.open.Wait()
}

// The largest message there is takes ten files too.
func TestFilesFindRoom(t *testing.T) {
	d := delivery(chat.Post, thread)
	d.Reply.Blocks = nil
	for range 50 {
		d.Reply.Blocks = append(d.Reply.Blocks, words("word"), pressed, chat.Block{Layout: chat.Divider})
	}
	row := chat.Block{Layout: chat.Buttons}
	for i := range 40 {
		row.Buttons = append(row.Buttons, chat.Button{Label: "Go", Action: chat.Do("go", fmt.Sprint(i))})
	}
	for _, blocks := range [][]chat.Block{d.Reply.Blocks, {words("word"), row}} {
		d.Reply.Blocks = blocks
		files := slices.Repeat([]openFile{{name: "a.txt", title: "a.txt"}}, 10)
		text := pretty(t, with(d, files))
		rules(t, text)
		judge(t, "MessageCreateRequest", text)
		if !strings.Contains(string(text), "word") {
			t.Error("the words went")
		}
	}
}

// slow is a file whose bytes do not come.
type slow struct{ ctx context.Context }

func (s slow) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }
func (s slow) Close() error             { return nil }

// taker takes every message at once.
type taker struct{ bodies []string }

func (k *taker) RoundTrip(r *http.Request) (*http.Response, error) {
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	k.bodies = append(k.bodies, string(body))
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"id":"901"}`)), Request: r}, nil
}

// A file that takes too long is left out in time for the words.
func TestSlowFile(t *testing.T) {
	for name, open := range map[string]func(context.Context, chat.Attachment) (io.ReadCloser, error){
		"to open": func(ctx context.Context, _ chat.Attachment) (io.ReadCloser, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"to read": func(ctx context.Context, _ chat.Attachment) (io.ReadCloser, error) { return slow{ctx}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				to := &taker{}
				c := newClient(Options{HTTP: &http.Client{Transport: to}, Memory: &notebook{}, Log: slog.New(slog.DiscardHandler)})
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
				defer cancel()
				d := changed(delivery(chat.Post, thread), func(r *chat.Reply) { r.Files = []chat.Attachment{attach("a", "a.txt", 3)} })
				d.Open = open
				began := time.Now()
				receipt, err := c.Send(ctx, d)
				if want := []chat.Missing{{Name: "a.txt", Cause: "it took too long"}}; err != nil || !slices.Equal(receipt.Missing, want) || len(to.bodies) != 1 {
					t.Errorf("Send = %+v, %v", receipt, err)
				}
				if took := time.Since(began); took != 15*time.Second-telling {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

// A call with files that was cut off may have been done.
func TestFilesCutOff(t *testing.T) {
	for _, answer := range []string{"cut", "500", `429 {"retry_after":1}`} {
		r := newRig(t)
		r.server.plan("POST channels/300/messages", answer)
		from := &drawer{files: map[string]string{"a": "aaa"}}
		d := changed(delivery(chat.Post, thread), func(r *chat.Reply) { r.Files = []chat.Attachment{attach("a", "a.txt", 3)} })
		d.Open = from.Open
		_, err := r.Send(t.Context(), d)
		if err == nil || certain(err) != strings.HasPrefix(answer, "429") {
			t.Errorf("%s: Send = %v", answer, err)
		}
		if again := func() error { _, err := r.Send(t.Context(), d); return err }(); (again != nil) != strings.HasPrefix(answer, "429") {
			t.Errorf("%s: then Send = %v", answer, again)
		}
		r.close()
		from.open.Wait() // also of the call that was never made
	}
}

// An edit leaves the files that came with a message.
func TestFilesStay(t *testing.T) {
	const read, edit = "GET channels/300/messages/301", "PATCH channels/300/messages/301"
	stands := `{"id":"301","components":[{"type":10,"id":5},
		{"type":13,"file":{"url":"https://cdn.discordapp.com/attachments/300/41/a.txt?ex=1","attachment_id":"41"},"name":"a.txt"},
		{"type":13,"file":{"url":"https://cdn.discordapp.com/attachments/300/42/b.txt?ex=1"}},
		{"type":13,"file":{"url":"https://cdn.discordapp.com/attachments/300/x/b.txt"}},
		{"type":12,"items":[{"media":{"url":"https://cdn.discordapp.com/attachments/300/43/c.png?ex=1","attachment_id":"43"}}]}]}`
	relayed := changed(standing(delivery(chat.Replace, thread), thread, "301"), func(r *chat.Reply) { r.Purpose = chat.Relaying })
	t.Run("kept", func(t *testing.T) {
		r := newRig(t)
		r.server.plan(read, stands)
		if receipt, err := r.Send(t.Context(), relayed); err != nil || receipt.Message != "301" {
			t.Fatalf("Send = %+v, %v", receipt, err)
		}
		got := r.server.last(t, edit)
		if diff := cmp.Diff([]any{map[string]any{"id": "41"}, map[string]any{"id": "42"}, map[string]any{"id": "43"}}, got.fields(t)["attachments"]); diff != "" {
			t.Error(diff)
		}
		for _, name := range []string{`"file":{"url":"attachment://a.txt"}`, `"file":{"url":"attachment://b.txt"}`, `"items":[{"media":{"url":"attachment://c.png"}`} {
			if !strings.Contains(got.body, name) {
				t.Errorf("%s is not in %s", name, got.body)
			}
		}
		r.server.judged(t)
	})
	for answer, calls := range map[string][]string{
		no(403, missingAccess, "Missing Access"):   {read, edit},
		no(404, unknownMessage, "Unknown Message"): {read, "POST channels/300/messages"},
		"200 {}": {read, edit},
	} {
		r := newRig(t)
		r.server.plan(read, answer)
		if _, err := r.Send(t.Context(), relayed); err != nil {
			t.Errorf("%s: Send = %v", answer, err)
		}
		if diff := cmp.Diff(calls, r.server.calls()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestFileName(t *testing.T) {
	for name, want := range map[string]string{
		"a.txt": "a.txt", "dir/a.txt": "a.txt", `C:\dir\a.txt`: "a.txt", "../..": "file", "": "file", " ": "file", "a\x00\nb.txt": "a b.txt",
		"\u202Etxt.exe": "txt.exe", strings.Repeat("n", 200) + ".txt": strings.Repeat("n", 115) + "….txt", "año.txt": "año.txt",
	} {
		if got := fileName(name); got != want {
			t.Errorf("fileName(%q) = %q, want %q", name, got, want)
		}
	}
}

// FuzzFileName: a name is one line of its own, and what a component refers to
// is plain.
func FuzzFileName(f *testing.F) {
	f.Add("dir/a.txt")
	f.Add("..\\\u202E\xff" + strings.Repeat("👑", 100) + ".txt")
	f.Fuzz(func(t *testing.T, s string) {
		name := fileName(s)
		if blank(name) || units(name) > maxFileName || strings.ContainsAny(name, "/\\") || strings.ContainsFunc(name, unicode.IsControl) {
			t.Errorf("fileName(%q) = %q", s, name)
		}
		if plain := plainName(name); plain == "" || strings.Trim(plain, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
			t.Errorf("plainName(%q) = %q", name, plain)
		}
	})
}

func TestFetch(t *testing.T) {
	const read = "GET channels/200/messages/201"
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	defer elsewhere.Close()
	attached := func(id, address string) string {
		return fmt.Sprintf(`{"id":"201","attachments":[{"id":"1","url":"https://evil.example"},{"id":%q,"filename":"a.txt","url":%q}]}`, id, address)
	}
	tests := []struct {
		name, id, message string
		file              string // what is answered for it
		want              string // empty: an error
	}{
		{"a file", "200/201/41", "", "200 aaa", "aaa"},
		{"another attachment", "200/201/42", "", "200 aaa", ""},
		{"the message is gone", "200/201/41", no(404, unknownMessage, "Unknown Message"), "", ""},
		{"not to be read", "200/201/41", no(403, missingAccess, "Missing Access"), "", ""},
		{"the file is gone", "200/201/41", "", "404", ""},
		{"sent elsewhere", "200/201/41", "", "to " + elsewhere.URL, ""},
		{"kept elsewhere", "200/201/41", attached("41", elsewhere.URL+"/secret"), "", ""},
		{"no address", "200/201/41", attached("41", ""), "", ""},
		{"no name", "41", "", "", ""},
		{"a name of something else", "200/201/41/..", "", "", ""},
		{"a name that leads elsewhere", "../x/41", "", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			message := test.message
			if message == "" {
				message = attached("41", r.server.URL+"/api/files/secret?ex=1")
			}
			r.server.plan(read, message)
			r.server.plan("GET files/secret", test.file)
			body, err := r.Fetch(t.Context(), chat.Attachment{File: chat.File{ID: test.id}})
			if (err == nil) != (test.want != "") {
				t.Fatalf("Fetch = %v", err)
			}
			r.discreet(t, err)
			if err != nil {
				return
			}
			defer body.Close()
			if got, err := io.ReadAll(body); err != nil || string(got) != test.want {
				t.Errorf("read %q, %v", got, err)
			}
			if auth := r.server.last(t, "GET files/secret").header.Get("Authorization"); auth != "" {
				t.Errorf("the token went to where files are kept: %q", auth)
			}
		})
	}
}

// TestOwnName: files keep their names as long as each is the only one so called
// and Discord leaves it as it is.
func TestOwnName(t *testing.T) {
	want := []string{"invoice.pdf", "1-invoice.pdf", "2-Invoice.pdf", "3-1-invoice.pdf", "4-.env", "5-_o.txt", "6-SPOILER_a.png"}
	var files []openFile
	for _, title := range []string{"invoice.pdf", "invoice.pdf", "Invoice.pdf", "1-invoice.pdf", ".env", "ño.txt", "SPOILER_a.png"} {
		files = append(files, openFile{name: ownName(title, files)})
	}
	for i, f := range files {
		if f.name != want[i] {
			t.Errorf("name = %s, want %s", f.name, want[i])
		}
	}
}
