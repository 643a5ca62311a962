package io.vdi.operator.gate.http;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import java.util.Map;

/**
 * The pages' templates, in {@code src/main/jte}. The build translates them to Java and compiles
 * them, so that a template with a wrong name or type fails the build. Values are escaped by where
 * they stand in the markup.
 */
public final class Templates {
  private static final TemplateEngine ENGINE = TemplateEngine.createPrecompiled(ContentType.Html);

  private Templates() {}

  /**
   * The HTML of a template.
   *
   * @param name such as {@code pages/home.jte}
   * @param values by the names of the template's parameters
   */
  public static String render(String name, Map<String, Object> values) {
    StringOutput output = new StringOutput();
    ENGINE.render(name, values, output);
    return output.toString();
  }
}
