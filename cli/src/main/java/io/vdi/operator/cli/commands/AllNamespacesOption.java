package io.vdi.operator.cli.commands;

import picocli.CommandLine.Option;

/** {@code --all-namespaces} of the commands about several sessions. */
final class AllNamespacesOption {
  @Option(
      names = {"-A", "--all-namespaces"},
      description = "The sessions of all namespaces.")
  private boolean all;

  boolean isSet() {
    return all;
  }
}
