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
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kubectl vdi templates}. */
@Command(
    name = "templates",
    description = "The desktops on offer, and what one of them comes with.")
public final class TemplatesCommand extends ClusterCommand {
  private static final VdiSession.Spec PLAIN =
      new VdiSession.Spec(null, null, null, null, null, null, false);

  @Mixin private FormatOption output;

  public TemplatesCommand(Console console) {
    super(console);
  }

  @Override
  int run(ClusterAccess cluster) {
    Format format = output.format();
    if (!format.isTable()) {
      print(
          format.of(
              cluster
                  .get(ResourceType.TEMPLATE.path(""))
                  .orElseThrow(() -> new CliException(404, "the operator is not installed"))));
      return 0;
    }
    lines(
            ClusterAccess.valueOf(cluster.api().list(ResourceType.TEMPLATE, "", ""), "vditemplates")
                .items(),
            format == Format.WIDE ? 0 : console().width())
        .forEach(this::print);
    return 0;
  }

  /** The table. */
  public static List<String> lines(List<VdiTemplate> templates, int width) {
    Table table = new Table("NAME", "GPU", "MEMORY", "CPU", "TIMEOUT", "SESSIONS", "DISPLAY NAME");
    for (VdiTemplate template : templates) {
      Defaults.EffectiveSpec plain = Defaults.effectiveSpec(PLAIN, template.spec());
      String name = template.spec().displayName();
      table.row(
          template.name(),
          String.valueOf(plain.gpu()),
          plain.memory(),
          plain.cpu(),
          Durations.format(plain.lifetime()),
          String.valueOf(template.status().sessions()),
          name == null ? "" : name);
    }
    return table.lines(width);
  }
}
