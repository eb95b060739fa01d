//go:build gpu

package cuda

// BinaryCrossEntropy is kernel.BinaryCrossEntropy on a device. As in all losses, a label
// that is NaN is unknown, and the loss is an array of a single entry.
type BinaryCrossEntropy struct{ Samples, Outputs int }

// Forward fills loss from logits and labels [Samples, Outputs]; weight [Outputs] multiplies
// the loss of the positive labels, the zero Array meaning 1.
func (l *BinaryCrossEntropy) Forward(d *Device, loss, logits, labels, weight Array) {
	l.check(loss, logits, labels, weight)
	d.launch("binary_loss", 1, 1, loss, logits, labels, weight, logits.length, l.Outputs)
}

// Backward fills dlogits from the gradient of the loss.
func (l *BinaryCrossEntropy) Backward(d *Device, dlogits, dloss, logits, labels, weight Array) {
	l.check(dloss, logits, labels, weight)
	if dlogits.address == 0 {
		return
	}
	fit(logits.length, dlogits)
	d.launch("slope_binary", blocks(logits.length), 1, dlogits, dloss, logits, labels, weight, logits.length, l.Outputs)
}

func (l *BinaryCrossEntropy) check(loss, logits, labels, weight Array) {
	fit(1, loss)
	fit(l.Samples*l.Outputs, logits, labels)
	fitOrNone(l.Outputs, weight)
}

// SoftmaxCrossEntropy is kernel.SoftmaxCrossEntropy on a device. A known label that is none
// of the classes makes the loss NaN.
type SoftmaxCrossEntropy struct{ Samples, Classes int }

// Forward fills loss from logits [Samples, Classes] and labels [Samples], the indices of the
// right classes; weight [Classes] multiplies the loss of the samples of a class, the zero
// Array meaning 1.
func (l *SoftmaxCrossEntropy) Forward(d *Device, loss, logits, labels, weight Array) {
	l.check(loss, logits, labels, weight)
	d.launch("softmax_loss", 1, 1, loss, logits, labels, weight, l.Samples, l.Classes)
}

// Backward fills dlogits from the gradient of the loss.
func (l *SoftmaxCrossEntropy) Backward(d *Device, dlogits, dloss, logits, labels, weight Array) {
	l.check(dloss, logits, labels, weight)
	if dlogits.address == 0 {
		return
	}
	fit(logits.length, dlogits)
	d.launch("slope_softmax", blocks(l.Samples), 1, dlogits, dloss, logits, labels, weight, l.Samples, l.Classes)
}

func (l *SoftmaxCrossEntropy) check(loss, logits, labels, weight Array) {
	fit(1, loss)
	fit(l.Samples*l.Classes, logits)
	fit(l.Samples, labels)
	fitOrNone(l.Classes, weight)
}

// SquaredError is kernel.SquaredError on a device.
type SquaredError struct{ Samples, Outputs int }

// Forward fills loss from predictions and labels [Samples, Outputs].
func (l *SquaredError) Forward(d *Device, loss, predictions, labels Array) {
	l.check(loss, predictions, labels)
	d.launch("squared_loss", 1, 1, loss, predictions, labels, labels.length)
}

// Backward fills dpredictions from the gradient of the loss.
func (l *SquaredError) Backward(d *Device, dpredictions, dloss, predictions, labels Array) {
	l.check(dloss, predictions, labels)
	if dpredictions.address == 0 {
		return
	}
	fit(labels.length, dpredictions)
	d.launch("slope_squared", blocks(labels.length), 1, dpredictions, dloss, predictions, labels, labels.length)
}

func (l *SquaredError) check(loss, predictions, labels Array) {
	fit(1, loss)
	fit(l.Samples*l.Outputs, predictions, labels)
}
