// The commands about identity that others pin: the domain's root, certificates, key documents for any web server.
#include <memory>

#include "cli/command_line.hpp"

namespace jeton::cli {
namespace {

constexpr const char* root_help = "the file with the domain's root key";

CLI::App* add(CommandLine& line, CLI::App& parent, const char* name, const char* help,
              int (*run)(const Common&, const DomainOptions&), const std::shared_ptr<DomainOptions>& options) {
  return line.add(parent, name, help, [&common = line.common, options, run] { return run(common, *options); });
}

void add_root(CommandLine& line, CLI::App& domain) {
  auto options = std::make_shared<DomainOptions>();
  auto* command = add(line, domain, "init", "make the root key of a trust domain; what verifiers pin on stdout",
                      domain_init, options);
  command->add_option("--trust-domain", options->trust_domain, "whose root it is, as trust_domain in jeton.toml")
      ->required()
      ->type_name("NAME");
  command->add_option("--out", options->file, "a new file for it; keep it off every host that runs jetond")
      ->required()
      ->type_name("FILE");

  options = std::make_shared<DomainOptions>();
  command = add(line, domain, "vkey", "the public half of the root key, which verifiers pin", domain_vkey, options);
  command->add_option("--key", options->file, root_help)->required()->type_name("FILE");
}

void add_certificates(CommandLine& line, CLI::App& domain) {
  line.add(domain, "request", "what this daemon asks the domain's operator to sign",
           [&common = line.common] { return domain_request(common); });

  auto options = std::make_shared<DomainOptions>();
  auto* command = add(line, domain, "sign", "sign a daemon's request: its certificate on stdout", domain_sign, options);
  command->add_option("request", options->document, "what  jeton domain request  printed, @FILE, or - for stdin")
      ->required()
      ->type_name("REQUEST");
  command->add_option("--key", options->file, root_help)->required()->type_name("FILE");
  command->add_option("--days", options->days, "how long it is good, at most 397; nobody can take it back before")
      ->check(CLI::Range(1, 397))
      ->type_name("N");
  command->add_option("--issuer", options->issuer, "sign only if the request is for this issuer")->type_name("URL");

  options = std::make_shared<DomainOptions>();
  command =
      add(line, domain, "install", "put this daemon's certificate into the state directory", domain_install, options);
  command->add_option("certificate", options->document, "what  jeton domain sign  printed, @FILE, or - for stdin")
      ->required()
      ->type_name("CERT");
  command->add_option("--vkey", options->vkey, "take it only if this root signed it; KEY or @FILE")->type_name("KEY");
}

}  // namespace

void add_domain_commands(CommandLine& line) {
  auto* domain = line.app.add_subcommand("domain", "one key for others to pin, whatever daemon a token comes from");
  domain->require_subcommand(0, 1);
  add_root(line, *domain);
  add_certificates(line, *domain);

  auto* jwks = line.app.add_subcommand("jwks", "this daemon's keys, for those who cannot reach it");
  jwks->require_subcommand(0, 1);
  auto options = std::make_shared<JwksOptions>();
  auto* command = line.add(*jwks, "export", "discovery documents and keys as static files, until keys rotate",
                           [&common = line.common, options] { return jwks_export(common, *options); });
  command->add_option("--issuer", options->issuer, "the daemon's issuer, where the files will be fetched")
      ->required()
      ->type_name("URL");
  command->add_option("--out", options->directory, "the web server's root; run again before the keys are old")
      ->required()
      ->type_name("DIR");
  command->add_flag("--federation", options->federation,
                    "the keys of federation tokens alone, which last; for parties that take an upload");
}

}  // namespace jeton::cli
