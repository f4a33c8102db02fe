// Package erlang holds the few pieces of the Erlang runtime that show through RabbitMQ: how a value is printed in an
// error text ([Format]), which types a value has there ([TypeName]), the portable hash ([Hash]) and the generator
// ([Exs1024]) by which a consistent-hash exchange picks a queue. They are exact: where RabbitMQ sends a message or
// what it says is the same here.
//
// The values are those of a [wire.Table]. A start:
//
//	fmt.Println(erlang.TypeName("a"), erlang.Format("a", false)) // longstr <<"a">>
package erlang
