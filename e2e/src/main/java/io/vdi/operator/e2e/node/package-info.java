/**
 * A cluster with a real node and the installed operator, for tests, benchmarks and the demo.
 * Imports the development cluster. Start reading at {@link io.vdi.operator.e2e.node.OperatorNode}.
 */
package io.vdi.operator.e2e.node;
