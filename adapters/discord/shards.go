package discord

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/bwmarrin/discordgo"
	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// identifyEvery is how far apart two sessions of one bucket must begin: 5 s,
	// and something for the time that connecting takes.
	// Source: https://docs.discord.com/developers/events/gateway#session-start-limit-object
	identifyEvery = 6 * time.Second
	// identifySpare is how many of a day's 1,000 sessions are left over: other
	// replicas may ask at the same time, and with one too many Discord resets the
	// token. The number is ours.
	// Source: https://docs.discord.com/developers/events/gateway#identifying
	identifySpare = 10
	// identifyAgain is how often it is asked at least whether sessions may begin
	// again.
	identifyAgain = time.Hour
)

// runShards keeps all n shards connected of which this replica gets hold, and
// stands by for the others, until ctx ends or Discord refuses one for good. Its
// options are those of every shard. n is what GET /gateway/bot advises.
func runShards(ctx context.Context, n int, o gatewayOptions) error {
	group, ctx := errgroup.WithContext(ctx)
	for shard := range n {
		o.Shard, o.Shards = shard, n
		g := newGateway(o)
		group.Go(func() error { return g.Run(ctx) })
	}
	return group.Wait()
}

// A starter says when a session may begin, over all shards and replicas.
type starter struct {
	// ask is GET /gateway/bot.
	ask    func(ctx context.Context) (*discordgo.GatewayBotResponse, error)
	memory chat.Memory
	now    func() time.Time
	log    *slog.Logger
}

// wait waits until a session of the shard may begin, for [gatewayOptions].
func (s *starter) wait(ctx context.Context, shard int) error {
	for {
		answer, err := s.ask(ctx)
		if err != nil {
			return fmt.Errorf("ask how many sessions may begin: %w", err)
		}
		limit := answer.SessionStartLimit
		if limit.Remaining > identifySpare {
			return s.turn(ctx, shard%max(1, limit.MaxConcurrency))
		}
		reset := time.Duration(limit.ResetAfter) * time.Millisecond
		reset = min(max(reset, identifyEvery), identifyAgain)
		s.log.Warn("no more sessions may begin today; the shard waits", "shard", shard, "remaining", limit.Remaining, "asking again in", reset)
		if !pause(ctx, reset) {
			return ctx.Err()
		}
	}
}

// turn waits for the bucket's next turn. Whoever has one holds the bucket until
// the next, and does not give it back: that is what parts two sessions, in one
// replica or in two.
func (s *starter) turn(ctx context.Context, bucket int) error {
	name, owner := fmt.Sprintf("discord/identify/%d", bucket), rand.Text()
	for {
		_, err := s.memory.Hold(ctx, name, owner, s.now(), identifyEvery)
		if !errors.Is(err, chat.ErrHeld) {
			return err
		}
		if !pause(ctx, someOf(time.Second)) {
			return ctx.Err()
		}
	}
}
