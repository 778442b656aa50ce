package dev.lateen.cli;

import dev.lateen.analysis.TextTable;
import dev.lateen.ops.OperationException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

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

    /** The configuration in force. */
    JsonNode dump() throws IOException, CommandException, OperationException {
        return json("/config_dump");
    }

    /** The page of JSON at a path of the admin interface, or in the file. */
    JsonNode json(String path) throws IOException, CommandException, OperationException {
        return file.isEmpty() ? parsed(pod.text("GET", path), page(path)) : parsed(new InputFile(file).text(), file);
    }

    /** The same of a page that only our proxy has. */
    JsonNode own(String path) throws IOException, CommandException, OperationException {
        return file.isEmpty() ? parsed(pod.own(path), page(path)) : json(path);
    }

    private static String page(String path) {
        return "the proxy's page " + path;
    }

    /** Prints the table, or the resources that it shows; gives the exit code. */
    int print(List<JsonNode> resources, TextTable table) throws CommandException {
        return print(JsonNodeFactory.instance.arrayNode().addAll(resources), table.toString());
    }

    /** Prints the text for people, or the resource itself; gives the exit code. */
    int print(JsonNode resource, String text) throws CommandException {
        System.out.print(
                switch (output) {
                    case "short", "table" -> text;
                    case "json" -> resource.toPrettyString() + "\n";
                    case "yaml" -> Serialization.asYaml(Serialization.unmarshal(resource.toString(), Object.class));
                    default -> throw new CommandException("-o " + output + ": give short, json or yaml");
                });
        return 0;
    }

    private static JsonNode parsed(String text, String what) throws CommandException {
        try {
            return JsonMapper.shared().readTree(text);
        } catch (JacksonException e) {
            throw new CommandException(what + " is no JSON: " + e.getOriginalMessage());
        }
    }
}
