/** Tables for people, JSON and YAML for programs. */
package io.vdi.operator.cli.output;
