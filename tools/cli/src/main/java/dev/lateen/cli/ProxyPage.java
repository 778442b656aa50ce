package dev.lateen.cli;

import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A page of one proxy, and how it is printed. */
final class ProxyPage {
    @Mixin
    ProxyPod pod = new ProxyPod();

    @Option(
            names = {"-f", "--file"},
            description = "file with the page of the admin interface, instead of a pod")
    String file = "";

    @Option(
            names = {"-o", "--output"},
            description = "short, json or yaml (${DEFAULT-VALUE})")
    String output = "short";

    /** The page of JSON at a path of the admin interface, or in the file. */
    JsonNode json(String path) throws IOException, CommandException {
        if (file.isEmpty()) {
            return parsed(pod.text("GET", path), "the proxy's page " + path);
        }
        return parsed(Files.readString(Path.of(file)), file);
    }

    /** Prints what was found: the table, or the resources themselves. */
    void print(JsonNode resources, String table) throws CommandException {
        System.out.print(
                switch (output) {
                    case "short", "table" -> table;
                    case "json" -> resources.toPrettyString() + "\n";
                    case "yaml" -> Serialization.asYaml(Serialization.unmarshal(resources.toString(), Object.class));
                    default -> throw new CommandException("-o " + output + ": give short, json or yaml");
                });
    }

    private static JsonNode parsed(String text, String what) throws CommandException {
        try {
            return JsonMapper.shared().readTree(text);
        } catch (JacksonException e) {
            throw new CommandException(what + " is no JSON: " + e.getOriginalMessage());
        }
    }
}
