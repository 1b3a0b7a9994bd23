package discord

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwmarrin/discordgo"
)

// A bot answers GET /gateway/bot.
type bot struct {
	mu     sync.Mutex
	asked  int
	limit  discordgo.SessionInformation
	failed error
}

func (b *bot) ask(context.Context) (*discordgo.GatewayBotResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	return &discordgo.GatewayBotResponse{SessionStartLimit: b.limit}, b.failed
}

func (s *scene) starter(b *bot) *starter {
	return &starter{ask: b.ask, memory: s.memory, now: time.Now, log: s.options().Log}
}

// TestStarterParts: sessions of one bucket begin apart, those of two do not
// wait for each other, in one replica or in two.
func TestStarterParts(t *testing.T) {
	play(t, func(s *scene) {
		b := &bot{limit: discordgo.SessionInformation{Total: 1000, Remaining: 1000, MaxConcurrency: 2}}
		replicas := []*starter{s.starter(b), s.starter(b)}
		began := time.Now()
		var mu sync.Mutex
		turns := map[int][]time.Time{} // by bucket
		var group sync.WaitGroup
		for shard := range 8 {
			group.Go(func() {
				if err := replicas[shard/2%2].wait(s.Context(), shard); err != nil {
					s.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				turns[shard%2] = append(turns[shard%2], time.Now())
			})
		}
		group.Wait()
		for bucket, times := range turns {
			if len(times) != 4 || times[0] != began {
				s.Fatalf("bucket %d had turns at %s", bucket, times)
			}
			for i := range len(times) - 1 {
				if apart := times[i+1].Sub(times[i]); apart < 5*time.Second || apart > identifyEvery+time.Second {
					s.Errorf("two sessions of bucket %d began %s apart", bucket, apart)
				}
			}
		}
	})
}

// TestStarterSpares: when there are hardly any left, a session waits until there
// are.
func TestStarterSpares(t *testing.T) {
	play(t, func(s *scene) {
		b := &bot{limit: discordgo.SessionInformation{Total: 1000, Remaining: identifySpare, ResetAfter: 5_400_000}}
		began := time.Now()
		ended := make(chan error, 1)
		go func() { ended <- s.starter(b).wait(s.Context(), 3) }()
		pass(100 * time.Minute)
		b.mu.Lock()
		if len(ended) > 0 || b.asked != 2 {
			s.Errorf("asked %d times", b.asked)
		}
		b.limit.Remaining = identifySpare + 1
		b.mu.Unlock()
		if err := take(s, "turn", ended); err != nil || time.Since(began) != 2*time.Hour {
			s.Errorf("wait = %v after %s", err, time.Since(began))
		}
		if !strings.Contains(s.logged(), "no more sessions may begin today") {
			s.Error("the operator is not told")
		}
	})
}

func TestStarterFails(t *testing.T) {
	away := errors.New("away")
	tests := []struct {
		name  string
		spoil func(s *scene, b *bot, cancel func())
		want  error
	}{
		{"Discord", func(_ *scene, b *bot, _ func()) { b.failed = away }, away},
		{"memory", func(s *scene, _ *bot, _ func()) { s.memory.fail(away) }, away},
		{"waiting for a turn", func(s *scene, b *bot, cancel func()) {
			if err := s.starter(b).wait(s.Context(), 0); err != nil {
				s.Error(err)
			}
			time.AfterFunc(time.Second, cancel)
		}, context.Canceled},
		{"waiting for the day to end", func(_ *scene, b *bot, cancel func()) {
			b.limit.Remaining = 0
			time.AfterFunc(time.Second, cancel)
		}, context.Canceled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			play(t, func(s *scene) {
				ctx, cancel := context.WithCancel(s.Context())
				defer cancel()
				b := &bot{limit: discordgo.SessionInformation{Remaining: 1000, MaxConcurrency: 1}}
				test.spoil(s, b, cancel)
				if err := s.starter(b).wait(ctx, 0); !errors.Is(err, test.want) {
					s.Errorf("wait = %v, want %v", err, test.want)
				}
			})
		})
	}
}

// shardOf answers a new line and says for which shard it is.
func (l *line) shardOf() int {
	l.Helper()
	l.hello()
	p := take(l.scene, "IDENTIFY", l.said)
	var said struct{ Shard [2]int }
	if err := json.Unmarshal(p.Data, &said); err != nil || p.Op != opIdentify {
		l.Fatalf("said %d %s, want IDENTIFY", p.Op, p.Data)
	}
	return said.Shard[0]
}

// TestRunShards: two replicas keep three shards connected between them, each
// once. One that is refused ends its replica, and the others stay resumable.
func TestRunShards(t *testing.T) {
	play(t, func(s *scene) {
		b := &bot{limit: discordgo.SessionInformation{Remaining: 1000, MaxConcurrency: 1}}
		o := s.options()
		o.Identify = s.starter(b).wait
		ended := make(chan error, 2)
		for range 2 {
			s.start(func(ctx context.Context) error {
				err := runShards(ctx, 3, o)
				ended <- err
				return err
			})
		}
		lines := map[int]*line{}
		for range 3 {
			l := s.next()
			shard := l.shardOf()
			if lines[shard] != nil {
				s.Errorf("shard %d was begun twice", shard)
			}
			lines[shard] = l
			l.ready("s" + string(rune('0'+shard)))
		}
		s.quiet(10 * time.Minute)
		s.began(3)
		lines[1].close(closeIntentsForbidden)
		err := take(s, "end", ended)
		if err == nil || !strings.Contains(err.Error(), "Message Content Intent") {
			s.Errorf("runShards = %v", err)
		}
		synctest.Wait()
	})
}
