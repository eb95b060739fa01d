// Package host runs modality plugins, each as a process of its own, and calls them.
//
//	fleet, err := host.Start(ctx, log, []host.Spec{{Name: "vitals", Command: []string{path}}})
//	defer fleet.Stop()
//	err = fleet.Plugin("vitals").Encode(ctx, samples, keep)
//
// A plugin lives at most as long as the host: its standard input is a lifeline that the
// operating system cuts when the host is gone. It sees a clean environment, and its
// output reaches the log line by line, whatever it writes. A process that dies or hangs is
// replaced by another one with the same config and state, which goes on where it was. What
// goes wrong in a plugin beyond that is an *Error, what is wrong with its config or data a
// *DiagnosticError.
package host
