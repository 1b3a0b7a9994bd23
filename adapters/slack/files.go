package slack

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// maxGuess is ours, in bytes: how much of a file is read to learn its size,
	// which Slack wants beforehand.
	maxGuess = 1 << 20
	// maxName is ours, in characters.
	maxName = 120
	// sharing is the part of the time for a reply that is kept for the message
	// and for sharing its files. What is not uploaded before is left out.
	sharing = 5 * time.Second
)

// An uploaded file is on Slack, and not shared yet.
type uploaded struct {
	slack.FileSummary
	name string // as it was called where it came from
}

// upload carries the files of a reply over to Slack, where nobody sees them
// until they are shared, and says which could not be.
func (c *client) upload(ctx context.Context, d chat.Delivery) (files []uploaded, missing []chat.Missing) {
	if d.Reply.Deed != chat.Post { // the files came with the message
		return nil, nil
	}
	if until, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, until.Add(-sharing))
		defer cancel()
	}
	for i, a := range d.Reply.Files {
		err := errTooMany
		if i < maxFiles {
			var file slack.FileSummary
			if file, err = c.uploadOne(ctx, a, d.Open); err == nil {
				files = append(files, uploaded{file, a.File.Name})
				continue
			}
		}
		c.log.Warn("a file is left out", "reply", d.ID, "err", err)
		missing = append(missing, chat.Missing{Name: a.File.Name, Cause: cause(err)})
	}
	return files, missing
}

// Why a file is left out, as people read it.
var (
	errTooMany  = fmt.Errorf("a message takes %d files at most", maxFiles)
	errTooLarge = errors.New("it is larger than Slack takes")
	errEmpty    = errors.New("it is empty")
	errNoSize   = errors.New("its size is not known")
	errLonger   = errors.New("it is larger than was said")
	errUnopened = errors.New("it could not be opened")
)

// cause is why a file was left out, in words for people.
func cause(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "it took too long"
	}
	for _, known := range []error{errTooMany, errTooLarge, errEmpty, errNoSize, errLonger, errUnopened} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	var r *refusal
	switch {
	case errors.As(err, &r):
		return "Slack refused it: " + r.name
	case errors.As(err, new(*chat.RateLimitedError)):
		return "Slack takes no more just now"
	}
	return "it could not be uploaded"
}

// uploadOne carries one file over, as a stream.
func (c *client) uploadOne(ctx context.Context, a chat.Attachment, open func(context.Context, chat.Attachment) (io.ReadCloser, error)) (slack.FileSummary, error) {
	if open == nil {
		return slack.FileSummary{}, errUnopened
	}
	if a.File.Size > maxFile {
		return slack.FileSummary{}, errTooLarge
	}
	file, err := open(ctx, a)
	if err != nil {
		return slack.FileSummary{}, fmt.Errorf("%w: %w", errUnopened, err)
	}
	size := a.File.Size
	if size <= 0 {
		if file, size, err = measured(file); err != nil {
			return slack.FileSummary{}, err
		}
	}
	name := fileName(a.File.Name)
	var at *slack.GetUploadURLExternalResponse
	err = c.ask(ctx, "files.getUploadURLExternal", func(ctx context.Context) (err error) {
		at, err = c.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{FileName: name, FileSize: int(size)})
		return err
	})
	if err == nil && !c.trusts(at.UploadURL) {
		err = errors.New("the address for the upload is not Slack's")
	}
	if err != nil {
		file.Close()
		return slack.FileSummary{}, err
	}
	return slack.FileSummary{ID: at.FileID, Title: name}, c.put(ctx, at.UploadURL, file, size)
}

// measured reads a small file to learn its size.
func measured(file io.ReadCloser) (io.ReadCloser, int64, error) {
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxGuess+1))
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("%w: %w", errUnopened, err)
	case len(data) == 0:
		return nil, 0, errEmpty
	case len(data) > maxGuess:
		return nil, 0, errNoSize
	}
	return io.NopCloser(bytes.NewReader(data)), int64(len(data)), nil
}

// An exact reader fails instead of handing over the last bytes of a file that
// goes on after them: Slack would keep the beginning as the whole.
type exact struct {
	buffered *bufio.Reader
	io.Closer
	left int64 // bytes
}

func (e *exact) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.buffered.Read(p[:min(int64(len(p)), e.left)])
	if e.left -= int64(n); e.left == 0 {
		if _, err := e.buffered.Peek(1); err != io.EOF {
			return 0, errLonger
		}
	}
	return n, err
}

// put sends a file as raw bytes, and closes it. A file that is not as long as
// it should be is an error.
// Source: https://docs.slack.dev/reference/methods/files.getUploadURLExternal
func (c *client) put(ctx context.Context, address string, file io.ReadCloser, size int64) error {
	return c.ask(ctx, "upload", func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, &exact{bufio.NewReader(file), file, size})
		if err != nil {
			file.Close()
			return err
		}
		request.ContentLength = size
		request.Header.Set("Content-Type", "application/octet-stream")
		response, err := c.stream.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return badStatus(response.StatusCode, response.Header)
		}
		return nil
	})
}

// share shows uploaded files where a message stands, in a message of their own
// after it. It says which are not shown.
func (c *client) share(ctx context.Context, at spot, files []uploaded) []chat.Missing {
	if len(files) == 0 {
		return nil
	}
	var list []slack.FileSummary
	for _, f := range files {
		list = append(list, f.FileSummary)
	}
	err := c.ask(ctx, "files.completeUploadExternal", func(ctx context.Context) error {
		_, err := c.api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{Files: list, Channel: at.channel, ThreadTimestamp: at.thread})
		return err
	})
	if err == nil {
		return nil
	}
	c.log.Warn("files could not be shared", "channel", at.channel, "err", err)
	why := unknown
	if errors.Is(err, chat.ErrUndeliverable) || errors.Is(err, chat.ErrNotSent) || errors.As(err, new(*chat.RateLimitedError)) {
		why = cause(err)
	}
	var missing []chat.Missing
	for _, f := range files {
		missing = append(missing, chat.Missing{Name: f.name, Cause: why})
	}
	return missing
}

// removeFiles deletes the files that came with a message. The message itself is
// gone by then, so a failure is only logged.
func (c *client) removeFiles(ctx context.Context, at spot, id string) {
	if c.self.Load() == nil {
		return
	}
	list, err := c.filesAfter(ctx, at, id)
	for _, m := range list {
		for _, f := range m.Files {
			err = errors.Join(err, c.deleteFile(ctx, f.ID))
		}
		err = errors.Join(err, c.delete(ctx, at.channel, m.TS))
	}
	if err != nil && !isRefused(err, "thread_not_found") {
		c.log.Warn("files of a message that was removed may be left", "channel", at.channel, "message", id, "err", err)
	}
}

// deleteFile deletes a file of ours. That it is gone already is fine.
func (c *client) deleteFile(ctx context.Context, id string) error {
	err := c.ask(ctx, "files.delete", func(ctx context.Context) error { return c.api.DeleteFileContext(ctx, id) })
	if isRefused(err, "file_not_found", "file_deleted") {
		return nil
	}
	return err
}

// fileName is a file's own name, without the folders before it and without what
// could make it look like another.
func fileName(s string) string {
	s = strings.ReplaceAll(oneLine(s), `\`, "/")
	name := strings.TrimSpace(path.Base(s))
	if name == "." || name == "/" || name == ".." || blank(name) {
		return "file"
	}
	if n := utf8.RuneCountInString(name); n > maxName {
		ext := path.Ext(name)
		if utf8.RuneCountInString(ext) > maxName/2 {
			ext = ""
		}
		stem := []rune(strings.TrimSuffix(name, ext))
		name = strings.TrimSpace(string(stem[:min(len(stem), maxName-utf8.RuneCountInString(ext))])) + ext
	}
	return name
}

// A stored file is what we read of what Slack tells of a file.
type stored struct {
	Type     string `json:"mimetype"`
	URL      string `json:"url_private"`
	Download string `json:"url_private_download"`
}

// Fetch opens a file that was attached on Slack, as a stream; see
// [chat.Platform]. The token goes to no host but Slack's.
func (c *client) Fetch(ctx context.Context, a chat.Attachment) (io.ReadCloser, error) {
	file, err := c.info(ctx, a.File.ID)
	if err != nil {
		return nil, err
	}
	address := cmp.Or(file.Download, file.URL)
	if !c.trusts(address) {
		return nil, errors.New("the file is not kept by Slack")
	}
	var body io.ReadCloser
	err = c.ask(ctx, "download", func(ctx context.Context) error {
		response, err := c.get(ctx, address)
		if err != nil {
			return err
		}
		if err := readable(response, file.Type); err != nil {
			response.Body.Close()
			return err
		}
		body = response.Body
		return nil
	})
	return body, err
}

// info reads what Slack tells of a file.
func (c *client) info(ctx context.Context, id string) (file stored, err error) {
	err = c.call(ctx, "files.info", url.Values{"file": {id}}, func(body []byte) (err error) {
		file, err = parseInfo(body)
		return err
	})
	return file, err
}

func parseInfo(body []byte) (stored, error) {
	var raw struct {
		head
		File stored `json:"file"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return stored{}, fmt.Errorf("read the answer: %w", err)
	}
	return raw.File, raw.err()
}

// errSignIn: Slack shows whoever may not read a file where to sign in.
var errSignIn = errors.New("a page to sign in came in place of the file: the app may lack the scope files:read")

// readable is what is wrong with an answer that should be a file.
func readable(r *http.Response, want string) error {
	got, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.StatusCode >= 300 && r.StatusCode < 400:
		return errSignIn
	case r.StatusCode != http.StatusOK:
		return badStatus(r.StatusCode, r.Header)
	case got == "text/html" && want != "text/html":
		return errSignIn
	}
	return nil
}

func (c *client) get(ctx context.Context, address string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	return c.stream.Do(request)
}
