// Package modalitypb holds the messages that the core and its plugins exchange,
// version 1, generated from modality.proto.
//
// Plugin authors meet them only in other languages; in Go they use package sdk.
package modalitypb

// The file is registered under the path that its protobuf package names, so that no
// other modality.proto in the same program can collide with it.
//
//go:generate -command gen protoc --proto_path=fusemoe/modality/v1=. fusemoe/modality/v1/modality.proto
//go:generate gen --go_out=module=github.com/fusemoe/fusemoe/sdk/modalitypb:.
//go:generate gen --go-grpc_out=module=github.com/fusemoe/fusemoe/sdk/modalitypb:.
//go:generate gen --python_out=../python --pyi_out=../python

// MediaTypeRow is the media type of an item that carries a Row.
const MediaTypeRow = "application/vnd.fusemoe.row"
