package dev.lateen.config.yaml;

/**
 * Why a document could not be read.
 *
 * @param line in the text, from 1
 */
public record YamlProblem(int line, String message) {}
