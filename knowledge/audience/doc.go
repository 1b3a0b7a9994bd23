// Package audience guesses who is asking, and says why. The guess rests on
// evidence that adds up: what the person chose before, their roles and groups,
// the channel, and the words they use.
package audience
