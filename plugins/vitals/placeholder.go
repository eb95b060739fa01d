// Package vitals is a placeholder for the plugin of that name.
package vitals

import "github.com/fusemoe/fusemoe/sdk"

// Vitals stands for the plugin.
type Vitals struct{ sdk.Modality }

// New has nothing to return yet.
func New() *Vitals { return nil }
