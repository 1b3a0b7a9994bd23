package embedding

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	// tries is how often a request with passages is made before it is given up, and
	// fewTries how often if a smaller one may do.
	tries    = 6
	fewTries = 2
	// firstWait is the wait before the second try; each later one is twice as
	// long, up to longestWait. A server that asks for more than maxWait is asked
	// again only when the articles are.
	firstWait   = time.Second
	longestWait = 30 * time.Second
	maxWait     = 2 * time.Minute
)

// patiently does something until it succeeds, or until trying again is no use.
func (c *Client) patiently(ctx context.Context, do func() error) error {
	wait := firstWait
	for try := 1; ; try++ {
		err := do()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pause := wait/2 + rand.N(wait/2) // so that replicas do not come all at once
		if e := (*statusError)(nil); errors.As(err, &e) && e.wait > 0 {
			pause = e.wait
		}
		if try == tries || try == fewTries && tooMuch(err) || pause > maxWait || !passing(err) {
			return err
		}
		c.log.Warn("the embedding server is asked again in a while", "wait", pause.Round(time.Millisecond), "try", try, "err", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		wait = min(2*wait, longestWait)
	}
}
