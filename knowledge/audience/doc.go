// Package audience guesses who is asking, and says why. The guess rests on
// evidence that adds up: what the person chose before, their roles and groups,
// the channel, the words they use, and whom the articles are for that fit.
//
//   - guess.go weighs evidence and finds reasons for the outcome.
//   - model.go measures a question: words learned from what articles are asked,
//     and the votes of the articles that fit. It holds the fitted weights.
//   - hints.go looks for cues, of which cues.go has some.
package audience
