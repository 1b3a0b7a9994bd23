package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/user"
	"sync"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

const (
	// sealEvery is how long a line of the audit stays unsealed at most, while the
	// store is at hand.
	sealEvery = time.Second
	// sealMost is how many lines are sealed in one step: the server does nothing
	// else meanwhile.
	sealMost = 500
	// anchorEvery is how often the end of the chain is logged, if it has moved:
	// whoever changes the store afterwards would have to change the log, too.
	anchorEvery = time.Hour
)

// errKeyless: a line without the key behind one with it would break the chain.
var errKeyless = errors.New("the key that it is sealed with is not here")

// An auditStore is where a sealer seals.
type auditStore interface {
	AuditChain(ctx context.Context) (desk.Chain, error)
	Unsealed(ctx context.Context, limit int) ([]desk.AuditLine, error)
	Seal(ctx context.Context, behind desk.Link, lines []desk.AuditLine) error
	Record(ctx context.Context, step string, now time.Time, deeds ...desk.Deed) error
}

// A sealer seals the lines of the audit in their order. Any number of replicas
// may do so side by side: the store takes a seal only behind the one that it was
// made for, so the first of them wins, and the others look again.
type sealer struct {
	store auditStore
	key   desk.SealKey
	now   func() time.Time
	log   *slog.Logger

	mu       sync.Mutex // held while it seals
	away     bool       // the store was, when it was asked last
	last     desk.Link  // where the chain ended when it was looked at last
	anchored desk.Link  // what was logged last
	at       time.Time  // when
}

func newSealer(store auditStore, cfg config.Audit, now func() time.Time, log *slog.Logger) (*sealer, error) {
	key, err := sealKeyOf(cfg)
	return &sealer{store: store, key: key, now: now, log: log}, err
}

// sealKeyOf is the configured key; a zero one if none is.
func sealKeyOf(cfg config.Audit) (desk.SealKey, error) {
	secret := cfg.Key.Reveal()
	if secret == "" {
		return desk.SealKey{}, nil
	}
	key, err := desk.NewSealKey([]byte(secret))
	if err != nil {
		return key, fmt.Errorf("audit.key: %w", err)
	}
	return key, nil
}

// run seals until ctx ends.
func (s *sealer) run(ctx context.Context) {
	ticker := time.NewTicker(sealEvery)
	defer ticker.Stop()
	for {
		s.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// look seals what is not sealed yet. What cannot be done is tried again next
// time.
func (s *sealer) look(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, err := s.seal(ctx)
	if err != nil && ctx.Err() != nil {
		return
	}
	if err != nil && !s.away {
		s.log.Error("the audit cannot be sealed; its lines wait unsealed", "err", err)
	}
	if s.away = err != nil; !s.away && s.now().Sub(s.at) >= anchorEvery {
		s.anchor(last)
	}
}

// seal seals everything that is not sealed yet, and returns where the chain ends.
func (s *sealer) seal(ctx context.Context) (desk.Link, error) {
	for {
		chain, err := s.store.AuditChain(ctx)
		if err != nil {
			return chain.Last, err
		}
		if chain.Last.N < s.last.N {
			s.log.Error("the audit ends earlier than it did: what Redis was told last is lost, as after a failover or a restored backup",
				"was", s.last.String(), "is", chain.Last.String())
			s.at = time.Time{} // its new end is logged at once
		}
		if s.last = chain.Last; chain.Waiting == 0 {
			return chain.Last, nil
		}
		if name := chain.Last.Key(); s.key.Name() == "" && name != "" {
			return chain.Last, fmt.Errorf("%w: it ends with a seal of the key %s; set audit.key_file as it was", errKeyless, name)
		}
		lines, err := s.store.Unsealed(ctx, sealMost)
		if err != nil || len(lines) == 0 {
			return chain.Last, err
		}
		err = s.store.Seal(ctx, chain.Last, s.key.Extend(chain.Last, lines))
		if errors.Is(err, spool.ErrConflict) {
			return chain.Last, nil // another replica is at it
		}
		if err != nil {
			return chain.Last, err
		}
		before := chain.Last.N
		for _, l := range lines {
			if l.N != before+1 {
				s.log.Error("lines of the audit are missing that were not sealed yet: something else than Signpost took them out of Redis",
					"after", before, "before", l.N)
			}
			before = l.N
		}
	}
}

// anchor logs where the chain ends, if it has grown.
func (s *sealer) anchor(last desk.Link) {
	if s.at = s.now(); last != s.anchored && last.N > 0 {
		s.log.Info("the audit ends here", "head", last.String())
		s.anchored = last
	}
}

// finish seals what is left, and logs where the chain ends.
func (s *sealer) finish(ctx context.Context) {
	s.look(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if chain, err := s.store.AuditChain(ctx); err == nil {
		s.anchor(chain.Last)
	}
}

// note adds to the audit what the program does by itself.
func (s *sealer) note(ctx context.Context, what string, of ...string) error {
	return s.record(ctx, desk.Deed{At: s.now(), Who: desk.Signpost.ID, Door: desk.ByServe, What: what, Of: of, Result: desk.Done})
}

// record adds a deed to the audit.
func (s *sealer) record(ctx context.Context, d desk.Deed) error {
	return s.store.Record(ctx, rand.Text(), s.now(), d)
}

// fingerprint tells two configurations apart, without any secret of theirs.
func fingerprint(cfg config.Config) string {
	text, err := json.Marshal(cfg)
	if err != nil {
		return "unknown" // plain data, which is never so
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// tellAudit adds a deed to the audit, for a command that needs no store and may
// have one all the same. Without one nothing is told; one that does not answer
// costs a warning.
func tellAudit(ctx context.Context, cfg config.Config, w io.Writer, d desk.Deed) {
	if cfg.Redis.URL.Reveal() == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checking)
	defer cancel()
	hide := secrets(cfg)
	store, err := openStore(ctx, cfg, newLogger(cfg.Log, w, hide))
	if err == nil {
		err = errors.Join(store.Record(ctx, rand.Text(), time.Now(), d), store.Close())
	}
	if err != nil {
		fmt.Fprintf(w, "The audit does not tell of this: %s\n", hide.redact(err.Error()))
	}
}

// errand is a deed of whoever runs a command on this machine.
func errand(what string, of ...string) desk.Deed {
	who := "unknown"
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	return desk.Deed{At: time.Now(), Who: chat.PersonID("cli:" + who), Door: desk.ByCLI, What: what, Of: of, Result: desk.Done}
}
