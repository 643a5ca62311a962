/**
 * {@code kubectl vdi}: sessions for people, and the doctor. Start reading at {@link
 * io.vdi.operator.cli.Main}; one class per command is in {@code commands}, what the doctor asks in
 * {@code doctor}, what reaches the cluster in {@code cluster}, what is printed in {@code output}.
 */
package io.vdi.operator.cli;
