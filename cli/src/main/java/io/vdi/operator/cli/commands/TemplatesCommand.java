package io.vdi.operator.cli.commands;

import io.vdi.operator.cli.cluster.CliException;
import io.vdi.operator.cli.cluster.ClusterAccess;
import io.vdi.operator.cli.output.Console;
import io.vdi.operator.cli.output.Format;
import io.vdi.operator.cli.output.Table;
import io.vdi.operator.common.model.Defaults;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kubectl vdi templates}. */
@Command(
    name = "templates",
    description = "List the templates with the resources of a session that sets none itself.")
public final class TemplatesCommand extends ClusterCommand {
  @Mixin private FormatOption output;

  public TemplatesCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    Format format = output.format();
    if (format.isTable()) {
      lines(cluster.templates(), output.width(console())).forEach(this::print);
    } else {
      print(
          format.of(
              cluster
                  .get(ResourceType.TEMPLATE.path(""))
                  .orElseThrow(() -> new CliException.Failed("the operator is not installed"))));
    }
    return 0;
  }

  /**
   * The lines of the table.
   *
   * @param width the longest line; 0 for no limit
   */
  public static List<String> lines(List<VdiTemplate> templates, int width) {
    Table table = new Table("NAME", "GPU", "MEMORY", "CPU", "TIMEOUT", "SESSIONS", "DISPLAY NAME");
    for (VdiTemplate template : templates) {
      Defaults.EffectiveSpec spec = Defaults.effectiveSpec(VdiSession.Spec.EMPTY, template.spec());
      table.row(
          template.name(),
          String.valueOf(spec.gpu()),
          spec.memory(),
          spec.cpu(),
          Durations.format(spec.lifetime()),
          String.valueOf(template.status().sessions()),
          Optional.ofNullable(template.spec().displayName()).orElse(""));
    }
    return table.lines(width);
  }
}
