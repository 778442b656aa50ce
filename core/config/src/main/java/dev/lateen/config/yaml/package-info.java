/** YAML text to JSON trees, with the line of every field. */
@org.jspecify.annotations.NullMarked
package dev.lateen.config.yaml;
