package embedding

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody is how many bytes an answer may have: the vectors of a batch of the
// largest models take a fifth of it.
const maxBody = 32 << 20

// endpointOf is the address that vectors are asked for at.
func endpointOf(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", errors.New("the address of the embedding server is none; write it such as http://127.0.0.1:11434")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("the address of the embedding server has more than scheme, host and path; remove the rest")
	}
	path := strings.TrimRight(u.Path, "/")
	switch {
	case strings.HasSuffix(path, "/embeddings"):
	case strings.HasSuffix(path, "/v1"):
		path += "/embeddings"
	default:
		path += "/v1/embeddings"
	}
	u.Path, u.RawPath = path, ""
	return u.String(), nil
}

// stay follows no redirect: another host would get texts and key.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// ask makes one request and returns a vector of length 1 for each text, none of
// which is empty.
func (c *Client) ask(ctx context.Context, texts []string) ([][]float32, error) {
	body, err := json.Marshal(struct {
		Model      string   `json:"model"`
		Input      []string `json:"input"`
		Encoding   string   `json:"encoding_format"`
		Dimensions int      `json:"dimensions,omitempty"`
	}{c.o.Model, texts, "float", c.o.Dimensions})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "signpost")
	if c.o.Key != "" {
		r.Header.Set("Authorization", "Bearer "+c.o.Key)
	}
	response, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the embedding server: %w", err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case response.StatusCode != http.StatusOK:
		return nil, newStatusError(response, data, c.o.Key, texts)
	case err != nil:
		return nil, fmt.Errorf("read what the embedding server answers: %w", err)
	case len(data) > maxBody:
		return nil, fmt.Errorf("the embedding server answers with more than %d MiB", maxBody>>20)
	}
	vectors, err := decode(data, len(texts))
	if err != nil {
		return nil, fmt.Errorf("the embedding server's answer is of no use: %w", err)
	}
	return vectors, c.checkDims(len(vectors[0]))
}

// checkDims compares the length of vectors with what it should be.
func (c *Client) checkDims(dims int) error {
	switch want := c.model.Dims; {
	case c.o.Dimensions > 0 && dims != c.o.Dimensions:
		return fmt.Errorf("the embedding server's vectors have %d numbers, not the %d asked for; its model may not be able to shorten them", dims, c.o.Dimensions)
	case want > 0 && dims != want:
		return fmt.Errorf("its vectors have %d numbers, before %d: %w", dims, want, ErrChanged)
	}
	return nil
}

// A statusError is an answer that says that there is none.
type statusError struct {
	code    int
	message string        // what is wrong, in a few words that hold no secret
	wait    time.Duration // before it is worth asking again; 0: not said
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the embedding server answers %d %s: %s", e.code, http.StatusText(e.code), e.message)
}

func newStatusError(r *http.Response, body []byte, key string, texts []string) *statusError {
	e := &statusError{code: r.StatusCode, wait: retryAfter(r.Header.Get("Retry-After"), time.Now())}
	switch {
	case r.StatusCode == http.StatusUnauthorized, r.StatusCode == http.StatusForbidden:
		// What it says may quote the key.
		e.message = "it wants another key; check key_file"
		if key == "" {
			e.message = "it wants a key; name one with key_file"
		}
	case r.StatusCode >= 300 && r.StatusCode < 400:
		e.message = "it has moved, and is not followed there; check url"
		if to, err := r.Location(); err == nil {
			e.message = fmt.Sprintf("it has moved to %s://%s, and is not followed there; check url", to.Scheme, to.Host)
		}
	default:
		e.message = complaint(body, key, texts)
	}
	return e
}

// passing reports whether an error may be gone when asked again.
func passing(err error) bool {
	if e := (*statusError)(nil); errors.As(err, &e) {
		return e.code == http.StatusTooManyRequests || e.code == http.StatusRequestTimeout || e.code >= 500
	}
	return !errors.Is(err, ErrChanged)
}

// refused reports whether the server has nothing against anything but the text.
func refused(err error) bool {
	e := (*statusError)(nil)
	return errors.As(err, &e) && (e.code == http.StatusBadRequest || e.code == http.StatusRequestEntityTooLarge || e.code == http.StatusUnprocessableEntity)
}

// tooMuch reports whether less at a time may do: llama.cpp takes a text that is
// too long for an error of its own.
func tooMuch(err error) bool {
	e := (*statusError)(nil)
	return refused(err) || errors.As(err, &e) && e.code == http.StatusInternalServerError
}

// retryAfter reads how long a server wants to be left alone: seconds, or a date.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(0, seconds), 86400)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
