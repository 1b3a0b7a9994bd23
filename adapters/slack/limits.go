package slack

import (
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
)

// Limits of a message, in characters.
const (
	// Source: https://docs.slack.dev/reference/block-kit/blocks
	maxBlocks = 50
	// maxAll is for all blocks together, as JSON. The reference does not name
	// it, and Slack does not say what it counts.
	// Source: https://github.com/slackapi/bolt-js/issues/2509
	maxAll = 13_200
	// maxText is for the text beside the blocks. Slack takes more, and advises
	// against it.
	// Source: https://docs.slack.dev/reference/methods/chat.postMessage
	maxText = 4000
	// maxBlock is for a text object, marks and escapes included. Rich text has
	// no limit of its own, and gets the same.
	// Source: https://docs.slack.dev/reference/block-kit/composition-objects/text-object
	maxBlock = 3000
	// Source: https://docs.slack.dev/reference/block-kit/blocks/header-block
	maxHeading = 150
	// maxRow is how many elements stand in an actions block.
	// Source: https://docs.slack.dev/reference/block-kit/blocks/actions-block
	maxRow = 25
	// maxPairs is how many elements stand in a context actions block.
	// Source: https://docs.slack.dev/reference/block-kit/blocks/context-actions-block
	maxPairs = 5
	// maxLabel is for the label of a button.
	// Source: https://docs.slack.dev/reference/block-kit/block-elements/button-element
	maxLabel = 75
	// maxOptions is for a select menu, maxPlaceholder for what it shows until
	// an option is chosen.
	// Source: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
	maxOptions     = 100
	maxPlaceholder = 150
	// maxOption is for the label of an option, maxOptionValue for its value.
	// Source: https://docs.slack.dev/reference/block-kit/composition-objects/option-object
	maxOption      = 75
	maxOptionValue = 150
	// maxID is for an action_id, a block_id and a callback_id.
	// Source: https://docs.slack.dev/reference/block-kit/block-elements
	maxID = 255
	// maxFile, in bytes, is how much Slack takes; maxFiles is ours.
	// Source: https://slack.com/help/articles/201330736-Add-files-to-Slack
	maxFile  = 1 << 30
	maxFiles = 10
	// maxWords and maxMenu are ours: a third of maxAll is kept for what is
	// beside the words, and a menu's options leave room for a message.
	maxWords = maxAll * 2 / 3
	maxMenu  = maxAll * 2 / 3
)

// Limits of a modal.
const (
	// maxTitle is for the title and the button that sends it, maxFields for its
	// blocks.
	// Source: https://docs.slack.dev/reference/views/modal-views
	maxTitle  = 24
	maxFields = 100
	// Source: https://docs.slack.dev/reference/block-kit/blocks/input-block
	maxFieldLabel = 2000
	// Source: https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
	maxValue = 3000
)

// Limits are what one message holds. A reply whose escapes and addresses need
// more than that is cut by [Render].
var Limits = chat.Limits{
	Text:    maxWords,
	Blocks:  maxBlocks,
	Block:   maxBlock,
	Heading: maxHeading - utf8.RuneCountInString(longestCircle+" "),
	Row:     maxRow,
	Label:   maxLabel,
	Options: maxOptions,
	Option:  maxOption,
	Files:   maxFiles,
	File:    maxFile,
}

// longestCircle is a tone's circle by its longest name, which Slack may count
// in place of the character.
const longestCircle = ":large_orange_circle:"
