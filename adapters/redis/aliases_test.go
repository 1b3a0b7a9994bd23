package redis_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

func alias(t testing.TB, phrasing string) desk.Alias {
	t.Helper()
	a, err := desk.NewAlias("refund", "en", phrasing, "ana", start)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What cannot be read, such as what a newer version wrote, costs no other alias
// and can be removed.
func TestAliasesThatCannotBeRead(t *testing.T) {
	server, err := shared()
	need(t, server, err)
	var log strings.Builder
	s, err := redis.Open(t.Context(), server.url(), redis.Options{
		Installation: "odd-aliases", Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	ctx, good := t.Context(), alias(t, "where is my money")
	if _, err := s.AddAlias(ctx, good); err != nil {
		t.Fatal(err)
	}
	odd := map[string]string{
		"broken": `{"id":`, "empty": "", "nothing": "null", "lines": `{"id":"lines","article":"a","lang":"en","text":"two\nlines"}`,
		"other": `{"id":"name","article":"a","lang":"en","text":"my money"}`,
	}
	for id, value := range odd {
		if err := client(t, server).HSet(ctx, "signpost:{odd-aliases}:aliases", id, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	list, _, err := s.Aliases(ctx)
	if diff := cmp.Diff([]desk.Alias{good}, list); err != nil || diff != "" {
		t.Errorf("aliases: %v (-want +got):\n%s", err, diff)
	}
	for id := range odd {
		if !strings.Contains(log.String(), "alias="+id+" ") {
			t.Errorf("the log does not tell of %s:\n%s", id, &log)
		}
		if found, err := s.RemoveAlias(ctx, desk.AliasID(id)); err != nil || !found {
			t.Errorf("remove %s = %t, %v", id, found, err)
		}
	}
}

func TestAliasesOfADeadServer(t *testing.T) {
	server := ownServer(t)
	s := opened(t, server, "main")
	server.kill()
	_, added := s.AddAlias(t.Context(), alias(t, "my money"))
	_, removed := s.RemoveAlias(t.Context(), "x")
	_, _, listed := s.Aliases(t.Context())
	_, version := s.AliasVersion(t.Context())
	for step, err := range map[string]error{"add": added, "remove": removed, "list": listed, "version": version} {
		if !errors.Is(err, spool.ErrUnavailable) {
			t.Errorf("%s on a dead server = %v, want unavailable", step, err)
		}
	}
}

// BenchmarkAliases is what each replica does every two seconds, and after a
// change if there are as many aliases as there may be.
func BenchmarkAliases(b *testing.B) {
	for _, store := range stores {
		s := store.open(b)
		for n := range desk.MaxAliases {
			if _, err := s.AddAlias(b.Context(), alias(b, fmt.Sprint("where is the money that i paid for course number ", n))); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(store.name+"/version", func(b *testing.B) {
			for b.Loop() {
				if _, err := s.AliasVersion(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(store.name+"/list", func(b *testing.B) {
			for b.Loop() {
				if _, _, err := s.Aliases(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
