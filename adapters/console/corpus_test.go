package console

import (
	"testing"

	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

// TestCorpus renders the replies that every platform renders, as they look on a
// terminal of 80 columns.
func TestCorpus(t *testing.T) {
	for _, sample := range chattest.Corpus() {
		t.Run(sample.Name, func(t *testing.T) {
			chattest.Golden(t, sample.Name+".txt", []byte(look{width: 80}.blocks(sample.Reply.Blocks)+"\n"))
		})
	}
}
