/**
 * Tables for people, JSON and YAML for programs. It may import {@code common.kube} for JSON, and no
 * other package of the CLI. Start reading at {@link io.vdi.operator.cli.output.Console}.
 */
package io.vdi.operator.cli.output;
