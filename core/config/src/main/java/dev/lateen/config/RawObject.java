package dev.lateen.config;

import tools.jackson.databind.node.ObjectNode;

/**
 * An object of a kind that has no record here, such as the kinds of Kubernetes itself, as its tree.
 *
 * @param tree the whole object; not to be changed
 */
public record RawObject(String apiVersion, ObjectName name, ObjectNode tree, Origin origin) {}
