package desk

import (
	"errors"
	"fmt"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
)

func TestTicketWatch(t *testing.T) {
	k := Ticket{ID: "T-1"}
	ana := Agent{ID: "ana", Name: "Ana", Account: "test:w:ana"}
	before := k
	if watching, err := k.Watch(ana); !watching || err != nil {
		t.Fatalf("Watch = %t, %v", watching, err)
	}
	if watching, err := k.Watch(Agent{ID: "ana", Account: "other:w:U7"}); watching || err != nil || len(k.Watchers) != 0 {
		t.Errorf("again from another account: %t, %v, %v", watching, err, k.Watchers)
	}
	for i := range MaxWatchers {
		if _, err := k.Watch(Agent{ID: chat.PersonID(fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.Watch(ana); !errors.Is(err, ErrTooMany) {
		t.Errorf("one too many: %v", err)
	}
	if len(before.Watchers) != 0 {
		t.Error("a copy was changed, too")
	}
}
