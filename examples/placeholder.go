// Package examples carries what fusemoe needs to run on a machine that has nothing
// else. The package that holds the data takes this file's place.
package examples
