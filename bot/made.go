package bot

import (
	"context"
	"fmt"
	"strings"
)

// makers make our own files by their kind, of what a name says after it.
var makers = map[string]func(b *Bot, ctx context.Context, of string) ([]byte, error){
	"transcript": (*Bot).makeTranscript,
	"report":     (*Bot).makeReport,
	"data":       (*Bot).makeData,
}

// Make makes a file of ours: transcript/T-12/asker/md is the transcript of T-12
// for its asker, in Markdown. It implements [spool.Handler].
func (b *Bot) Make(ctx context.Context, made string) ([]byte, error) {
	kind, of, _ := strings.Cut(made, "/")
	maker, ok := makers[kind]
	if !ok {
		return nil, fmt.Errorf("no file of the kind %q is made", kind)
	}
	return maker(b, ctx, of)
}
