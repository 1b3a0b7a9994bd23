package embedding

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// maxBatch is how many texts go in one request; with the probe as many as TEI
	// takes unless told otherwise.
	// Source: https://huggingface.co/docs/text-embeddings-inference/cli_arguments
	maxBatch = 31
	// maxBatchBytes is how long they may be in all, which a small machine works
	// through in some seconds, and maxText how long one may be: what is behind
	// that no model reads.
	maxBatchBytes = 64 << 10
	maxText       = 32 << 10
	// leastText is what a server must take, for most models read no less.
	leastText = 512
	// working is how long a request with passages may take, on a machine that needs
	// seconds for each.
	working = 2 * time.Minute
)

// Known returns the vectors of passages that are kept, in their order; false
// unless all are. It asks no server. The vectors are not to be written to.
func (c *Client) Known(texts []string) ([][]float32, bool) {
	found, err := c.kept(texts)
	if err != nil {
		c.log.Warn("vectors that were kept cannot be read", "err", err)
		return nil, false
	}
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		if vectors[i] = found[keyOf(text)]; vectors[i] == nil {
			return nil, false
		}
	}
	return vectors, true
}

// kept returns the vectors that are kept, by text; nil for those that are not.
func (c *Client) kept(texts []string) (map[key][]float32, error) {
	want := map[key][]float32{}
	for _, text := range texts {
		want[keyOf(text)] = nil
	}
	_, blank := want[keyOf("")]
	delete(want, keyOf(""))
	err := c.cache.get(want)
	if blank {
		want[keyOf("")] = make([]float32, c.model.Dims)
	}
	return want, err
}

// Fill computes the vectors of passages that are not kept, and keeps them, so
// that [Client.Known] has them. What it did before ctx ended or the server gave
// up is kept, too, and not done again. Progress, which may be nil, hears at
// first and after each request how many of the passages are known. All that are
// in use belong into one call: others are the first to go when there are too many.
func (c *Client) Fill(ctx context.Context, texts []string, progress func(done, of int)) error {
	select {
	case c.filling <- struct{}{}: // two at a time would compute the same
		defer func() { <-c.filling }()
	case <-ctx.Done():
		return ctx.Err()
	}
	found, err := c.kept(texts)
	if err != nil {
		return fmt.Errorf("read the vectors that are kept: %w", err)
	}
	missing, keys := notIn(found, texts)
	of := len(found)
	if progress == nil {
		progress = func(int, int) {}
	}
	done := of - len(missing)
	progress(done, of)
	if len(missing) == 0 {
		return nil
	}
	fresh := map[key][]float32{}
	err = c.batches(ctx, missing, func(from int, vectors [][]float32) error {
		clear(fresh)
		for i, vector := range vectors {
			fresh[keys[from+i]] = vector
		}
		if err := c.cache.add(fresh); err != nil {
			return fmt.Errorf("keep vectors: %w", err)
		}
		done += len(vectors)
		progress(done, of)
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.cache.prune(wanted(texts)); err != nil {
		c.log.Warn("vectors that are not used any more stay", "err", err)
	}
	return nil
}

// notIn are the texts without a vector, each once, and their keys.
func notIn(found map[key][]float32, texts []string) (missing []string, keys []key) {
	seen := map[key]bool{}
	for _, text := range texts {
		if k := keyOf(text); found[k] == nil && !seen[k] {
			seen[k] = true
			missing, keys = append(missing, text), append(keys, k)
		}
	}
	return missing, keys
}

// wanted are the keys of texts.
func wanted(texts []string) map[key]bool {
	keep := map[key]bool{}
	for _, text := range texts {
		keep[keyOf(text)] = true
	}
	return keep
}

// passages asks for the vectors of texts.
func (c *Client) passages(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, full, at := c.worded(texts)
	err := c.batches(ctx, full, func(from int, batch [][]float32) error {
		for i, vector := range batch {
			vectors[at[from+i]] = vector
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return vectors, nil
}

// worded sorts out the texts that have a word, and where they are; the others have
// their vectors already.
func (c *Client) worded(texts []string) (vectors [][]float32, worded []string, at []int) {
	vectors = make([][]float32, len(texts))
	for i, text := range texts {
		if empty(text) {
			vectors[i] = make([]float32, c.model.Dims)
			continue
		}
		worded, at = append(worded, text), append(at, i)
	}
	return vectors, worded, at
}

// batches asks for the vectors of texts that are not empty, many at a time, and
// hands them out with the place of the first. What a server refuses is sent in
// smaller pieces: it may take fewer texts at a time, or no text as long as one.
func (c *Client) batches(ctx context.Context, texts []string, take func(from int, vectors [][]float32) error) error {
	most, longest := maxBatch, maxText
	for from := 0; from < len(texts); {
		batch := c.batch(texts[from:], most, longest)
		vectors, err := c.askPatiently(ctx, batch)
		if tooMuch(err) && len(batch) > 1 {
			most = len(batch) / 2
			continue
		}
		if tooMuch(err) && len(batch[0]) > leastText {
			longest = len(batch[0]) / 2
			continue
		}
		if err != nil {
			return err
		}
		if err := take(from, vectors); err != nil {
			return err
		}
		from += len(batch)
		most, longest = maxBatch, maxText
	}
	return nil
}

// batch is the first few of some texts, as they are sent.
func (c *Client) batch(texts []string, most, longest int) []string {
	var batch []string
	size := 0
	for _, text := range texts[:min(len(texts), most)] {
		text = cut(text, longest)
		if size += len(text); size > maxBatchBytes && len(batch) > 0 {
			break
		}
		batch = append(batch, text)
	}
	return batch
}

// askPatiently asks for the vectors of passages, again and again if need be. The
// probe goes along each time: the model may change in between.
func (c *Client) askPatiently(ctx context.Context, batch []string) ([][]float32, error) {
	input := []string{c.o.PassagePrefix + probeText}
	for _, text := range batch {
		input = append(input, c.o.PassagePrefix+text)
	}
	var vectors [][]float32
	err := c.patiently(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, working)
		defer cancel()
		var err error
		if vectors, err = c.ask(ctx, input); err != nil {
			return c.verify(nil, err)
		}
		return c.verify(vectors[0], nil)
	})
	if err != nil {
		return nil, err
	}
	return vectors[1:], nil
}

// empty reports whether a text has nothing to tell. Servers refuse such texts.
func empty(text string) bool { return strings.TrimSpace(text) == "" }

// cut shortens a text to so many bytes or a little less.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
