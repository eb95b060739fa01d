package examples

import _ "embed"

//go:embed physionet2012/config.yaml
var physionet2012 []byte

// Config is the config of the built-in example: 1,000 stays in seven modalities, with
// sizes that train in a minute or two on two cores.
func Config() []byte { return physionet2012 }
