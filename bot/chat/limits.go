package chat

// Limits are how much one message of a platform holds. Lengths are in runes;
// 0 means no limit. Each adapter names its own, with their source.
type Limits struct {
	Text    int // of all blocks together
	Blocks  int // in a message
	Block   int // text of one block
	Heading int
	Facts   int // in one block
	Rows    int // of buttons and menus
	Row     int // buttons in a row
	Label   int // of a button
	Options int // in a menu or typeahead
	Option  int // label of an option
	Files   int
	File    int64 // bytes of one file
}
