package dev.lateen.cli;

import dev.lateen.cluster.ClusterException;
import dev.lateen.cluster.LocalCluster;
import dev.lateen.cluster.UpOptions;
import dev.lateen.control.install.InstallException;
import dev.lateen.control.install.InstallFlags;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen up}: a cluster on this machine, with the mesh in it. */
@Command(name = "up", description = "Start a local cluster with the mesh; the last line printed is one to paste.")
final class UpCommand implements Callable<Integer> {
    private static final String PROJECT_IMAGES = "lateen-images.yaml";

    @Mixin
    ClusterName named = new ClusterName();

    @Mixin
    SidecarOption sidecar = new SidecarOption();

    @Option(names = "--bare", description = "without the mesh")
    boolean bare;

    @Option(
            names = "--images",
            paramLabel = "FILE",
            description = "file with entries of the image catalogue; may be given several times; " + PROJECT_IMAGES
                    + " of the current directory is read by itself")
    List<Path> images = new ArrayList<>();

    @Override
    public Integer call() throws ClusterException, InstallException, CommandException {
        List<String> settings = sidecar.settings();
        LocalCluster cluster = named.cluster();
        boolean kept = Files.exists(cluster.kubeconfig());
        LocalCluster.Status status = cluster.up(UpOptions.of(home(), catalogues()));
        System.err.println("cluster " + status.name() + " runs at " + status.server());
        if (!bare) {
            installInto(cluster, kept, InstallFlags.parse(settings));
        }
        System.out.println("export KUBECONFIG=" + quote(cluster.kubeconfig().toString()) + " PATH="
                + quote(cluster.bin().toString()) + ":$PATH");
        return 0;
    }

    /** A cluster whose mesh does not start is of no use: it goes, unless it was there before with data of its own. */
    private static void installInto(LocalCluster cluster, boolean kept, InstallFlags flags)
            throws ClusterException, InstallException, CommandException {
        var options = new ClusterOptions();
        options.kubeconfig = cluster.kubeconfig().toString();
        Thread cleaning = new Thread(() -> abandon(cluster, kept), "clean up");
        Runtime.getRuntime().addShutdownHook(cleaning);
        boolean done = false;
        try {
            InstallCommand.install(options, flags, System.err::println);
            done = true;
        } finally {
            if (removeHook(cleaning) && !done) {
                System.err.println("the mesh did not start; stopping the cluster again");
                cluster.down(kept);
            }
        }
    }

    private static void abandon(LocalCluster cluster, boolean kept) {
        try {
            cluster.down(kept);
        } catch (ClusterException e) {
            System.err.println(e.getMessage());
        }
    }

    /** False when the program is ending already, so that the hook does its work. */
    private static boolean removeHook(Thread hook) {
        try {
            return Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private List<Path> catalogues() throws CommandException {
        List<Path> all = new ArrayList<>();
        Path project = Path.of(PROJECT_IMAGES).toAbsolutePath();
        if (Files.exists(project)) {
            all.add(project);
        }
        for (Path each : images) {
            if (!Files.isReadable(each)) {
                throw new CommandException("--images " + each + ": there is no such file, or it cannot be read");
            }
            all.add(each.toAbsolutePath());
        }
        return all;
    }

    /** The built Lateen, which the launcher names. */
    private static Path home() throws CommandException {
        String home = System.getProperty("lateen.home", "");
        if (home.isEmpty() || !new File(home, "lib").isDirectory()) {
            throw new CommandException("no built Lateen at \"" + home + "\": start this with the script lateen");
        }
        return Path.of(home).toAbsolutePath();
    }

    /** A word that a shell reads as it is. */
    private static String quote(String text) {
        return text.matches("[A-Za-z0-9_./:@%+=-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
