package io.vdi.operator.admission.validation;

import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.util.List;

/**
 * The part of the configuration that the rules depend on.
 *
 * @param allowedRegistries prefixes of images that templates can use; empty: all images
 * @param namespaces in which sessions can be created
 * @param groups which groups of a user are recorded with the session
 */
public record AdmissionPolicy(
    Identity identity,
    List<String> allowedRegistries,
    WatchedNamespaces namespaces,
    RecordedGroups groups) {}
