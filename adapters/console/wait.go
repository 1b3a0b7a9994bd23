package console

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

const (
	day = 24 * time.Hour
	// longest is how much time may pass at once.
	longest = 366 * day
)

var errSpan = errors.New("no span of time up to a year")

// wait lets time pass.
func (c *Console) wait(ctx context.Context, rest string) {
	d, err := parseSpan(rest)
	switch {
	case c.o.Wait == nil:
		c.notice("Here time passes by itself.")
		return
	case err != nil:
		c.notice("Wait how long? Try /wait 90m, 8h or 3d, up to a year.")
		return
	}
	if err := c.o.Wait(ctx, d); err != nil {
		c.notice("Not all that should have happened by now has. Please go on, it will.")
	}
	c.notice("Now it is %s.", c.o.Now().UTC().Format("Monday 2006-01-02 15:04:05 UTC"))
}

// parseSpan reads a span of time such as 90m, 3d or 1d12h.
func parseSpan(s string) (time.Duration, error) {
	var span time.Duration
	if days, rest, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, errSpan
		}
		span, s = time.Duration(n)*day, rest
	}
	if span == 0 || s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, errSpan
		}
		span += d
	}
	if strings.ContainsAny(s, "+-") || span <= 0 || span > longest {
		return 0, errSpan
	}
	return span, nil
}
