# frozen_string_literal: true

module TheAPP
  # The base box of a machine: from the environment, else machines.yml, else the default.
  module Box
    # The last version for VirtualBox, VMware, Parallels and libvirt: later ones do not support libvirt.
    # Vagrant verifies it with the checksum in the catalogue.
    DEFAULT = { 'name' => 'bento/ubuntu-24.04', 'version' => '202508.03.0' }.freeze

    # `name` and, if given, `version`, `url` and `checksum` (SHA-256 of the file at the URL).
    def self.of(machine, env = ENV)
      given = %w[name version url checksum].zip(%w[THEAPP_BOX THEAPP_BOX_VERSION THEAPP_BOX_URL THEAPP_BOX_CHECKSUM])
      from_env = given.to_h { |key, variable| [key, env[variable].to_s] }.reject { |_, value| value.empty? }
      [from_env, machine.box].find { |box| box.key?('name') } || DEFAULT.merge(machine.box, from_env)
    end

    def self.apply(vm, box)
      vm.box = box['name']
      vm.box_version = box['version'] if box['version']
      vm.box_url = box['url'] if box['url']
      return unless box['checksum']

      vm.box_download_checksum_type = 'sha256'
      vm.box_download_checksum = box['checksum']
    end
  end
end
