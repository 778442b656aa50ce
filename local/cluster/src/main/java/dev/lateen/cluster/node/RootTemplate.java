package dev.lateen.cluster.node;

import dev.lateen.cluster.network.HostCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The parts of the host that every container sees: its programs and libraries, a few files of {@code /etc} and the
 * harmless devices, mounted read-only once and bound from here into each container's root. Lives in the mount namespace
 * of this process, which must be private, and ends with it.
 */
final class RootTemplate {
    private static final List<String> PROGRAM_DIRECTORIES =
            List.of("bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "opt", "nix", "gnu");
    /** What programs need to find libraries, certificates, ports' names and the chosen alternatives. */
    private static final List<String> ETC = List.of(
            "ssl",
            "pki",
            "ca-certificates",
            "ca-certificates.conf",
            "alternatives",
            "ld.so.cache",
            "ld.so.conf",
            "ld.so.conf.d",
            "localtime",
            "timezone",
            "protocols",
            "services",
            "ethertypes",
            "rpc",
            "mime.types",
            "java-25-openjdk",
            "xtables",
            "iproute2",
            "terminfo",
            "os-release",
            "debian_version",
            "fonts");

    private final Path directory;
    private final List<Path> bound;
    private final List<String> symbolicLinks = new ArrayList<>();
    private final List<String> mounted = new ArrayList<>();
    private final List<String> etc = new ArrayList<>();

    private RootTemplate(Path directory, List<Path> bound) {
        this.directory = directory;
        this.bound = bound;
    }

    /**
     * Mounts the template on {@code directory}.
     *
     * @param extra directories, such as the JDK's, that containers see under the host's own paths
     */
    static RootTemplate mount(Path directory, List<Path> extra) throws IOException {
        var template = new RootTemplate(
                directory,
                extra.stream()
                        .map(p -> p.toAbsolutePath().normalize())
                        .filter(Files::isDirectory)
                        .filter(p -> !p.startsWith("/usr") && !p.startsWith("/opt") && !p.startsWith("/nix"))
                        .distinct()
                        .toList());
        Files.createDirectories(directory);
        HostCommand.run(List.of("sh", "-s"), template.setUp());
        return template;
    }

    private String setUp() {
        var script = new StringBuilder("set -e\n");
        script.append("mount -t tmpfs -o mode=755 lateen ")
                .append(Shell.quote(directory.toString()))
                .append('\n');
        script.append("cd ").append(Shell.quote(directory.toString())).append('\n');
        for (String name : PROGRAM_DIRECTORIES) {
            Path host = Path.of("/", name);
            if (Files.isSymbolicLink(host)) {
                symbolicLinks.add(name);
            } else if (Files.isDirectory(host)) {
                mounted.add(name);
                script.append("mkdir ")
                        .append(name)
                        .append("; mount --rbind /")
                        .append(name)
                        .append(' ')
                        .append(name);
                script.append("; mount -o remount,bind,ro ").append(name).append('\n');
            }
        }
        for (int i = 0; i < bound.size(); i++) {
            script.append("mkdir extra%1$d; mount --rbind %2$s extra%1$d; mount -o remount,bind,ro extra%1$d%n"
                    .formatted(i, Shell.quote(bound.get(i).toString())));
        }
        script.append("mkdir etc\n");
        for (String name : ETC) {
            if (Files.isReadable(Path.of("/etc", name))) {
                etc.add(name);
                script.append("cp -a /etc/").append(name).append(" etc/ 2>/dev/null || :\n");
            }
        }
        script.append("mount --bind etc etc; mount -o remount,bind,ro etc\n");
        script.append("mkdir dev; mount -t tmpfs -o mode=755 dev dev\n");
        script.append("for n in null zero full random urandom tty; do : > dev/$n; mount --bind /dev/$n dev/$n; done\n");
        script.append("mkdir dev/pts; mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts\n");
        script.append("cd dev; ln -s pts/ptmx ptmx; ln -s /run/shm shm; ln -s /proc/self/fd fd\n");
        script.append("ln -s fd/0 stdin; ln -s fd/1 stdout; ln -s fd/2 stderr\n");
        return script.toString();
    }

    /**
     * The part of a container's start script that fills its root, which is the current directory. {@code $T} is this
     * template.
     */
    String fill() {
        var script = new StringBuilder("T=")
                .append(Shell.quote(directory.toString()))
                .append('\n');
        script.append("mkdir -p tmp run/shm run/lock run/lateen/etc proc dev etc root home sys var/tmp var/log");
        mounted.forEach(name -> script.append(' ').append(name));
        bound.forEach(path -> script.append(' ').append(Shell.quote("." + path)));
        script.append("\nchmod 1777 tmp run/shm var/tmp\nln -s ../run var/run\n");
        for (String name : symbolicLinks) {
            script.append("ln -s ")
                    .append(Shell.quote(readLink(name)))
                    .append(' ')
                    .append(name)
                    .append('\n');
        }
        mounted.forEach(name -> script.append("mount --rbind \"$T\"/")
                .append(name)
                .append(' ')
                .append(name)
                .append('\n'));
        for (int i = 0; i < bound.size(); i++) {
            script.append("mount --rbind \"$T\"/extra").append(i).append(' ');
            script.append(Shell.quote("." + bound.get(i))).append('\n');
        }
        script.append("mount --rbind \"$T\"/dev dev\nmount -t proc proc proc\n");
        script.append("mount --rbind \"$T\"/etc run/lateen/etc\nln -s");
        etc.forEach(name -> script.append(" ../run/lateen/etc/").append(name));
        return script.append(" etc/\n").toString();
    }

    private static String readLink(String name) {
        try {
            return Files.readSymbolicLink(Path.of("/", name)).toString();
        } catch (IOException e) {
            return "usr/" + name;
        }
    }
}
