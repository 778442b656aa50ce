package dev.lateen.cli;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.ConfigReader;
import dev.lateen.config.Kinds;
import dev.lateen.config.MeshConfig;
import dev.lateen.control.inject.InjectionException;
import dev.lateen.control.inject.InjectionSettings;
import dev.lateen.control.inject.ManifestInjection;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** {@code lateen kube-inject}: manifests in, the same manifests with sidecars out. */
@Command(name = "kube-inject", description = "Rewrite manifests so that their pods carry the sidecar.")
final class KubeInjectCommand implements Callable<Integer> {
    @Option(
            names = {"-f", "--filename"},
            required = true,
            description = "file of manifests, or - for standard input")
    String file = "";

    @Option(
            names = {"-o", "--output"},
            description = "file to write; standard output without it")
    String output = "";

    @Option(
            names = {"-i", "--istioNamespace"},
            description = "namespace of the control plane (${DEFAULT-VALUE})")
    String systemNamespace = InjectionSettings.SYSTEM_NAMESPACE;

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() throws IOException, CommandException {
        InputFile manifests = new InputFile(file);
        String text = manifests.text();
        try {
            ManifestInjection.Result result = new ManifestInjection(settings()).inject(text, manifests.toString());
            result.warnings().forEach(warning -> System.err.println("warning: " + warning));
            if (output.isEmpty()) {
                PrintStream out = System.out;
                out.print(result.text());
                out.flush();
            } else {
                Files.writeString(Path.of(output), result.text());
            }
            return 0;
        } catch (InjectionException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
    }

    /** None where the kind is not defined. */
    private static List<ConfigObject<?>> proxyConfigs(KubernetesClient client) {
        boolean defined = client.apiextensions()
                        .v1()
                        .customResourceDefinitions()
                        .withName(Kinds.PROXY_CONFIG.crdName())
                        .get()
                != null;
        List<ConfigObject<?>> objects = new ArrayList<>();
        if (defined) {
            client.genericKubernetesResources(Kinds.PROXY_CONFIG.apiVersion(), Kinds.PROXY_CONFIG.name())
                    .inAnyNamespace()
                    .list()
                    .getItems()
                    .forEach(object -> objects.addAll(new ConfigReader()
                            .readApiObject(Serialization.asJson(object))
                            .objects()));
        }
        return objects;
    }

    /** What the installed mesh says, or the defaults where no cluster answers or none is installed. */
    private InjectionSettings settings() throws CommandException {
        InjectionSettings defaults = InjectionSettings.defaults(systemNamespace);
        try (KubernetesClient client = cluster.client()) {
            ConfigMap values = client.configMaps()
                    .inNamespace(systemNamespace)
                    .withName("istio-sidecar-injector")
                    .get();
            if (values == null) {
                System.err.println("warning: no mesh is installed in namespace " + systemNamespace
                        + " of this cluster; injecting with the default settings");
                return defaults;
            }
            ConfigMap mesh = client.configMaps()
                    .inNamespace(systemNamespace)
                    .withName("istio")
                    .get();
            String settings = mesh == null ? "" : mesh.getData().getOrDefault("mesh", "");
            return defaults.with(new JsonMapper().readTree(values.getData().getOrDefault("values", "{}")))
                    .with(MeshConfig.read("ConfigMap istio", settings).config(), proxyConfigs(client));
        } catch (KubernetesClientException e) {
            System.err.println(
                    "warning: no cluster answers (" + e.getMessage() + "); injecting with the default settings");
            return defaults;
        }
    }
}
