package discord

import (
	"sort"
	"unicode/utf16"

	"github.com/signpost-bot/signpost/bot/chat"
)

// Limits of a message. Discord does not say how it counts characters, so we
// count UTF-16 units, of which there are never fewer than characters.
const (
	// maxComponents counts every component of a message, nested ones too.
	// Source: https://docs.discord.com/developers/components/reference
	maxComponents = 40
	// maxText is for all text displays of a message together, marks and
	// addresses included.
	// Source: https://docs.discord.com/developers/components/reference#text-display
	maxText = 4000
	// maxRow is how many buttons stand in an action row.
	// Source: https://docs.discord.com/developers/components/reference#action-row
	maxRow = 5
	// maxRows is ours: five full rows take 30 of the components.
	maxRows = 5
	// maxLabel is for the label of a button, and maxID for any custom_id.
	// Source: https://docs.discord.com/developers/components/reference#button
	maxLabel = 80
	maxID    = 100
	// maxOptions is for a string select; maxOption for an option's label and
	// its value, maxPlaceholder for what is shown until one is chosen.
	// Source: https://docs.discord.com/developers/components/reference#string-select
	maxOptions     = 25
	maxOption      = 100
	maxPlaceholder = 150
	// maxFiles and maxFile, in bytes, hold for a message in any server.
	// Source: https://docs.discord.com/developers/reference#uploading-files
	maxFiles = 10
	maxFile  = 10 << 20
	// maxName is ours: a fact's name is a word or two.
	maxName = 100
)

// Limits of a modal.
const (
	// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-modal
	maxTitle  = 45
	maxFields = 5
	// Source: https://docs.discord.com/developers/components/reference#label
	maxFieldLabel = 45
	// Source: https://docs.discord.com/developers/components/reference#text-input
	maxValue = 4000
)

// Limits are what one message holds. A quarter of the text is kept for what
// they do not count: marks, escapes and the addresses of links. A reply that
// needs more than that, or more components than there are blocks, is cut by
// [Render].
var Limits = chat.Limits{
	Text:    maxText * 3 / 4,
	Blocks:  maxComponents - 1, // the container is one
	Block:   maxText * 3 / 4,
	Rows:    maxRows,
	Row:     maxRow,
	Label:   maxLabel,
	Options: maxOptions,
	Option:  maxOption,
	Files:   maxFiles,
	File:    maxFile,
}

// units is how long s is in UTF-16.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// shorten cuts s to at most limit units, between words where it can.
func shorten(s string, limit int) string {
	if units(s) <= limit {
		return s
	}
	n := sort.Search(limit, func(n int) bool { return units(chat.Shorten(s, n+1)) > limit })
	return chat.Shorten(s, n)
}
