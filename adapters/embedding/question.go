package embedding

import (
	"context"
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// failures is after how many in a row the server is left alone, and rest for
	// how long.
	failures = 3
	rest     = 10 * time.Second
	// checkEvery is how old the news of the server's model may be before it is
	// asked again, and patience how long that may take: a server that has just
	// started loads its model first.
	checkEvery = 5 * time.Minute
	patience   = 10 * time.Second
)

// newBreaker counts failures. What a caller no longer wants and what the server
// refuses for the text's sake is none.
func newBreaker(c *Client) *gobreaker.CircuitBreaker[[][]float32] {
	return gobreaker.NewCircuitBreaker[[][]float32](gobreaker.Settings{
		Timeout:     rest,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= failures },
		IsExcluded:  func(err error) bool { return errors.Is(err, context.Canceled) || refused(err) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			switch to {
			case gobreaker.StateOpen:
				c.mu.Lock()
				c.checked = time.Time{} // who comes back may be another
				c.mu.Unlock()
				c.log.Warn("the embedding server fails; questions are answered without it for now")
			case gobreaker.StateClosed:
				c.log.Info("the embedding server is well again")
			}
		},
	})
}

// questions asks once, for all of them together: who asks waits for one answer.
func (c *Client) questions(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, input, at := c.worded(texts)
	if len(input) == 0 {
		return vectors, nil
	}
	c.mu.Lock()
	changed, checked := c.changed, c.checked
	c.mu.Unlock()
	if changed {
		return nil, ErrChanged
	}
	if time.Since(checked) > checkEvery {
		c.checkSoon()
	}
	if checked.IsZero() {
		return nil, ErrResting
	}
	for i, text := range input {
		input[i] = c.o.QuestionPrefix + cut(text, maxText)
	}
	answer, err := c.breaker.Execute(func() ([][]float32, error) {
		ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
		defer cancel()
		return c.ask(ctx, input)
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return nil, ErrResting
	}
	if err != nil {
		return nil, c.verify(nil, err)
	}
	for i, vector := range answer {
		vectors[at[i]] = vector
	}
	return vectors, nil
}

// checkSoon asks for the probe in the background, unless that is being done or
// the server rests. No question waits for it: it takes a server that loads its
// model longer than a question may.
func (c *Client) checkSoon() {
	if c.breaker.State() == gobreaker.StateOpen {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.checking || c.changed {
		return
	}
	c.checking = true
	c.checks.Go(func() {
		_, err := c.breaker.Execute(func() ([][]float32, error) {
			vector, err := c.askProbe(c.ctx, patience)
			return nil, c.verify(vector, err)
		})
		c.mu.Lock()
		c.checking = false
		c.mu.Unlock()
		if err != nil && c.ctx.Err() == nil {
			c.log.Debug("the embedding server was checked", "err", err)
		}
	})
}

// askProbe asks for the vector of the probe, a passage like any other.
func (c *Client) askProbe(ctx context.Context, patience time.Duration) ([]float32, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	vectors, err := c.ask(ctx, []string{c.o.PassagePrefix + probeText})
	if err != nil {
		return nil, err
	}
	return vectors[0], nil
}

// verify looks whether the vector that the probe has now is that of our model,
// and remembers it. The error may be that of asking.
func (c *Client) verify(vector []float32, err error) error {
	if err == nil && !same(c.known, vector) {
		err = ErrChanged
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.checked = time.Now()
	}
	if errors.Is(err, ErrChanged) && !c.changed {
		c.changed = true
		c.log.Warn("the embedding server has another model now", "model", c.o.Model)
	}
	return err
}
