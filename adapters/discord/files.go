package discord

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// maxTogether is how large a call may be, in bytes; a bit of it is kept for
	// the message.
	// Source: https://docs.discord.com/developers/resources/message#create-message
	maxTogether = 25<<20 - 1<<18
	// maxGuess is ours, in bytes: how much of a file is read to learn its size,
	// so that the call's is known.
	maxGuess = 1 << 20
	// maxFileName is ours, in characters.
	maxFileName = 120
	// telling is the part of the time for a reply that is kept for its words. A
	// file that takes longer is left out.
	telling = 5 * time.Second
)

// An attachment is a file of a message: by its place among those that come with
// it, or, of a message that stands, by Discord's name.
// Source: https://docs.discord.com/developers/resources/message#attachment-object
type attachment struct {
	ID    string `json:"id"`
	Name  string `json:"filename,omitempty"`
	Title string `json:"title,omitempty"` // as people read it

	picture bool
}

// Why a file is left out, as people read it.
var (
	errTooMany  = fmt.Errorf("a message takes %d files at most", maxFiles)
	errTooLarge = errors.New("it is larger than Discord takes")
	errTogether = errors.New("all files together are larger than Discord takes")
	errEmpty    = errors.New("it is empty")
	errNoSize   = errors.New("its size is not known")
	errShorter  = errors.New("it is smaller than was said")
	errLonger   = errors.New("it is larger than was said")
	errUnopened = errors.New("it could not be opened")
	errBroken   = errors.New("it could not be read")
)

// cause is why a file was left out, in words for people.
func cause(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "it took too long"
	}
	for _, known := range []error{errTooMany, errTooLarge, errTogether, errEmpty, errNoSize, errShorter, errLonger, errUnopened} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	var no *refusal
	if errors.As(err, &no) {
		return "Discord refused it: " + no.name
	}
	return errBroken.Error()
}

// send posts a reply by a call, with its files as a stream; wrap makes the
// call's body of the message. It says which files are not with it: the words go
// without those that cannot be read, or that Discord does not take.
func (c *client) send(ctx context.Context, d chat.Delivery, it call, wrap func(body) any) ([]chat.Missing, error) {
	if d.Reply.Deed != chat.Post { // the files came with the message
		d.Reply.Files = nil
	}
	inTime := ctx
	if until, ok := ctx.Deadline(); ok && len(d.Reply.Files) > 0 {
		var cancel context.CancelFunc
		inTime, cancel = context.WithDeadline(ctx, until.Add(-telling))
		defer cancel()
	}
	left := map[int]error{} // by their place
	for {
		files := openAll(inTime, d, left)
		if len(files) == 0 {
			it.files, it.body = nil, wrap(content(d, manner{}))
			err := c.make(ctx, it)
			return c.missing(d, left), err
		}
		up, err := newUpload(wrap(with(d, files)), files)
		if err != nil {
			return nil, err
		}
		it.files = up
		err = c.make(inTime, it)
		if !up.handed {
			up.Close()
		}
		var one *fileError
		switch {
		case err == nil:
			return c.missing(d, left), nil
		case errors.As(err, &one):
			left[one.place] = one.err
		case inTime.Err() != nil && ctx.Err() == nil && !up.through.Load(), isRefused(err, onlyFiles...):
			for _, f := range files {
				left[f.place] = err
			}
		default:
			return nil, err
		}
	}
}

// missing tells the files that were left out.
func (c *client) missing(d chat.Delivery, left map[int]error) []chat.Missing {
	var missing []chat.Missing
	for i, a := range d.Reply.Files {
		if err := left[i]; err != nil {
			c.log.Warn("a file is left out", "reply", d.ID, "err", err)
			missing = append(missing, chat.Missing{Name: a.File.Name, Cause: cause(err)})
		}
	}
	return missing
}

// An openFile is one that is about to be sent.
type openFile struct {
	io.ReadCloser
	place int    // among the reply's files
	name  string // as the message refers to it; no two have the same
	title string // as people read it
	size  int64  // bytes

	picture bool
}

// openAll opens the files of a reply but those that were left out, to which it
// adds those that cannot be sent.
func openAll(ctx context.Context, d chat.Delivery, left map[int]error) []openFile {
	var files []openFile
	sum := int64(0)
	for i, a := range d.Reply.Files {
		if left[i] != nil {
			continue
		}
		err := errTooMany
		if i < maxFiles {
			var f openFile
			f, err = openOne(ctx, d, a)
			if err == nil && sum+f.size > maxTogether {
				f.Close()
				err = errTogether
			}
			if err == nil {
				sum += f.size
				f.place, f.name = i, ownName(f.title, files)
				files = append(files, f)
				continue
			}
		}
		left[i] = err
	}
	return files
}

func openOne(ctx context.Context, d chat.Delivery, a chat.Attachment) (openFile, error) {
	f := openFile{title: fileName(a.File.Name), size: a.File.Size, picture: isPicture(a.File.Type)}
	if d.Open == nil {
		return f, errUnopened
	}
	if f.size > maxFile {
		return f, errTooLarge
	}
	opened, err := d.Open(ctx, a)
	if err != nil {
		return f, fmt.Errorf("%w: %w", errUnopened, err)
	}
	f.ReadCloser = opened
	if f.size <= 0 {
		f.ReadCloser, f.size, err = measured(opened)
	}
	return f, err
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

// with is a reply's message with files. Each is a component of its own, for a
// message of components shows no others.
// Source: https://docs.discord.com/developers/components/reference#file
func with(d chat.Delivery, files []openFile) body {
	b := content(d, manner{files: len(files)})
	for i, f := range files {
		b.Attachments = append(b.Attachments, attachment{ID: strconv.Itoa(i), Name: f.name, Title: f.title})
		b.Components = append(b.Components, fileComponent(f.name, f.picture))
	}
	return b
}

// fileComponent shows a picture, and names any other file.
// Source: https://docs.discord.com/developers/components/reference#media-gallery
func fileComponent(name string, picture bool) discordgo.MessageComponent {
	item := discordgo.UnfurledMediaItem{URL: "attachment://" + name}
	if picture {
		return discordgo.MediaGallery{Items: []discordgo.MediaGalleryItem{{Media: item}}}
	}
	return discordgo.FileComponent{File: item}
}

// isPicture reports whether Discord can show files of a type.
func isPicture(mediaType string) bool {
	switch mediaType {
	case "image/gif", "image/jpeg", "image/png", "image/webp":
		return true
	}
	return false
}

// A fileError is what is wrong with one file, whose bytes were on their way:
// the call was broken off, and nothing came of it.
type fileError struct {
	place int
	err   error
}

func (e *fileError) Error() string { return e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// An exact reader fails where a file ends early, and instead of handing over the
// last bytes of one that goes on after them: the call would be too short or too
// long for its length, or the beginning be kept as the whole.
type exact struct {
	buffered *bufio.Reader
	place    int
	left     int64 // bytes
}

func (e *exact) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.buffered.Read(p[:min(int64(len(p)), e.left)])
	switch e.left -= int64(n); {
	case e.left == 0:
		if _, err := e.buffered.Peek(1); err != io.EOF {
			return 0, &fileError{e.place, errLonger}
		}
		return n, nil
	case err == io.EOF:
		return n, &fileError{e.place, errShorter}
	case err != nil:
		return n, &fileError{e.place, fmt.Errorf("%w: %w", errBroken, err)}
	}
	return n, nil
}

// An upload is the body of a call with files, as it is read. It closes them.
type upload struct {
	io.Reader
	files   []openFile
	kind    string      // the Content-Type
	size    int64       // bytes
	handed  bool        // to who closes it
	through atomic.Bool // all of it was read
}

// newUpload writes a form of the message as JSON and the files.
// Source: https://docs.discord.com/developers/reference#uploading-files
func newUpload(message any, files []openFile) (*upload, error) {
	u := &upload{files: files}
	text, err := json.Marshal(message)
	if err != nil {
		u.Close()
		return nil, fmt.Errorf("write the message: %w", err)
	}
	var all []io.Reader
	var now bytes.Buffer // nothing is written to it but by us, so nothing fails
	form := multipart.NewWriter(&now)
	flush := func() {
		u.size += int64(now.Len())
		all = append(all, bytes.NewReader(bytes.Clone(now.Bytes())))
		now.Reset()
	}
	part := func(name, kind string) io.Writer {
		w, _ := form.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {"form-data; " + name}, "Content-Type": {kind},
		})
		return w
	}
	_, _ = part(`name="payload_json"`, "application/json").Write(text)
	for i, f := range files {
		part(fmt.Sprintf(`name="files[%d]"; filename=%q`, i, f.name), "application/octet-stream")
		flush()
		u.size += f.size
		all = append(all, &exact{bufio.NewReader(f), f.place, f.size})
	}
	_ = form.Close()
	flush()
	u.kind = form.FormDataContentType()
	u.Reader = io.MultiReader(append(all, &end{&u.through})...)
	return u, nil
}

// Close closes the files.
func (u *upload) Close() error {
	var err error
	for _, f := range u.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// An end notes that all before it was read.
type end struct{ reached *atomic.Bool }

func (e *end) Read([]byte) (int, error) {
	e.reached.Store(true)
	return 0, io.EOF
}

// withFiles is a message that takes the place of another, with the files that
// came with that: Discord lets go of those that an edit does not name.
// Source: https://docs.discord.com/developers/resources/message#edit-message
func (c *client) withFiles(ctx context.Context, at string, d chat.Delivery) (body, error) {
	m, err := c.read(ctx, at, string(d.Sent.Message))
	if isUnreadable(err) {
		return content(d, manner{}), nil
	} else if err != nil {
		return body{}, unsent(err)
	}
	files := m.files()
	b := content(d, manner{files: len(files)})
	for _, f := range files {
		b.Attachments = append(b.Attachments, attachment{ID: f.ID})
		b.Components = append(b.Components, fileComponent(f.Name, f.picture))
	}
	return b, nil
}

// files are the files of a message of ours. Discord lists those apart that no
// component shows.
// Source: https://docs.discord.com/developers/components/reference#file
func (m said) files() []attachment {
	var files []attachment
	add := func(id, name, address string, picture bool) {
		if u, err := url.Parse(address); err == nil { // …/attachments/CHANNEL/ID/NAME
			id, name = cmp.Or(id, path.Base(path.Dir(u.Path))), cmp.Or(name, path.Base(u.Path))
		}
		if len(files) < maxFiles && isID(id) && name == plainName(name) {
			files = append(files, attachment{ID: id, Name: name, picture: picture})
		}
	}
	for _, part := range m.Components {
		switch part.Type {
		case discordgo.FileComponentType:
			add(part.File.Attachment, part.Name, part.File.URL, false)
		case discordgo.MediaGalleryComponent:
			for _, item := range part.Items {
				add(item.Media.Attachment, "", item.Media.URL, true)
			}
		}
	}
	return files
}

// fileName is a file's own name, without the folders before it and without what
// could make it look like another.
func fileName(s string) string {
	s = strings.ReplaceAll(oneLine(s), `\`, "/")
	name := strings.TrimSpace(path.Base(s))
	if name == "." || name == "/" || name == ".." || blank(name) {
		return "file"
	}
	if units(name) > maxFileName {
		ext := path.Ext(name)
		if units(ext) > maxFileName/2 {
			ext = ""
		}
		name = shorten(strings.TrimSuffix(name, ext), maxFileName-units(ext)) + ext
	}
	return name
}

// plainName is a name that a component can refer to a file by.
// Source: https://docs.discord.com/developers/reference#editing-message-attachments-using-attachments-within-embeds
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '_'
	}, s)
}

// ownName is a plain name that no other file of the message has. A number stands
// before it where it would not be, or begins so that Discord makes something else
// of it.
func ownName(title string, others []openFile) string {
	plain := plainName(title)
	taken := func(name string) bool {
		return slices.ContainsFunc(others, func(o openFile) bool { return strings.EqualFold(o.name, name) })
	}
	name := plain
	for n := len(others); taken(name) || strings.HasPrefix(name, "SPOILER_") || strings.ContainsAny(name[:1], "._-"); n++ {
		name = strconv.Itoa(n) + "-" + plain
	}
	return name
}

// errNoFile: the message, or its file, is gone.
var errNoFile = errors.New("the file is not there any more")

// Fetch opens a file that was attached on Discord, as a stream; see
// [chat.Platform]. The file's ID is CHANNEL/MESSAGE/ATTACHMENT, for addresses of
// files end: a new one is read from the message. The token is not shown to where
// files are kept.
// Source: https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
func (c *client) Fetch(ctx context.Context, a chat.Attachment) (io.ReadCloser, error) {
	parts := strings.Split(a.File.ID, "/")
	if len(parts) != 3 || !isID(parts[0]) || !isID(parts[1]) || !isID(parts[2]) {
		return nil, errors.New("it is not the name of a file on Discord")
	}
	m, err := c.read(ctx, parts[0], parts[1])
	if isRefused(err, unchangeable...) {
		return nil, errNoFile
	} else if err != nil {
		return nil, err
	}
	for _, f := range m.Attachments {
		if f.ID == parts[2] {
			return c.download(ctx, f.URL)
		}
	}
	return nil, errNoFile
}

// download opens what is at an address where Discord keeps files.
func (c *client) download(ctx context.Context, address string) (file io.ReadCloser, err error) {
	if !c.trusts(address) {
		return nil, errors.New("the file is not kept by Discord")
	}
	err = c.ask(ctx, "download", func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		request.Header.Set("User-Agent", agent)
		response, err := c.stream.Do(request)
		if err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			response.Body.Close()
			return newRefusal("download", response.StatusCode, nil)
		}
		file = response.Body
		return nil
	})
	return file, err
}
